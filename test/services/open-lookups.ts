/**
 * Compiled lookups on a real database without the HTTP in front of them: what a request gets once it is validated.
 */
import { compileLookupAction } from '../../pkg/actions/lookup.ts';
import { createLookupReader, type ReadingResult } from '../../pkg/actions/lookup-reader.ts';
import { createQueryTimer } from '../../pkg/actions/query-timer.ts';
import { createMemoryTier } from '../../pkg/cache/memory-tier.ts';
import { createCache } from '../../pkg/cache/two-tier.ts';
import { isAppError } from '../../pkg/errors/app-error.ts';
import { createAuditLog } from '../../pkg/postgres/audit-log.ts';
import type { Database } from '../../pkg/postgres/database.ts';
import { createKeptPlans } from '../../pkg/postgres/kept-plan.ts';
import { type Clock, systemClock } from '../../pkg/process/clock.ts';
import { createSlots } from '../../pkg/resilience/slots.ts';
import { actionSpec } from '../../pkg/tenant/action-spec.ts';
import { decode } from '../../pkg/tenant/codec.ts';
import { parseExactJson } from '../../pkg/webhook/exact-json.ts';
import { minute } from './open-database.ts';

export interface LookupOutcome {
  /** An error's code, or `answered`. */
  readonly code: string;
  /** The answer's text, empty for an error. */
  readonly body: string;
  readonly source?: string;
  readonly rows: readonly Record<string, unknown>[];
  readonly missing: readonly unknown[];
}

export interface OpenLookupOptions {
  readonly tenantId: string;
  /** As in a DataActionConfig, with output `rows`. */
  readonly statement: string;
  readonly input: readonly object[];
  /** The first input by default. */
  readonly keyColumn?: string;
  readonly ttlSeconds?: number;
}

export type AskLookup = (input: object | string, requestId?: string) => Promise<LookupOutcome>;

/** @param onBatch  told of each statement, with how many requests it answers
 * @param onReading  told of each reading, how it was made
 * @returns makes a lookup that shares its reader, cache and audit log with the others made by it */
export const openLookups = (
  database: Database,
  clock: Clock = systemClock,
  onBatch: (requests: number) => void = () => {},
  onReading: (result: ReadingResult) => void = () => {},
) => {
  const cache = createCache({
    clock,
    memory: createMemoryTier(10_000_000),
    random: Math.random,
    lookupsOf: () => [{ action: 'get', group: undefined }],
  });
  const auditLog = createAuditLog({ database, clock, statementTimeoutMs: 5_000 });
  const poolShare = createSlots({ clock, slots: 5, queueMax: 100 });
  const timer = createQueryTimer(clock);
  const keptPlans = createKeptPlans(database, clock);
  const parts = { database, auditLog, cache, clock, timer, keptPlans, poolShare };
  const reader = createLookupReader({ ...parts, requestsMax: 1_000, hooks: { onBatch, onReading } });

  return (options: OpenLookupOptions): AskLookup => {
    const { tenantId, statement, input, keyColumn = 'id', ttlSeconds = 0 } = options;
    const names = input.flatMap((one) => ('name' in one && typeof one.name === 'string' ? [one.name] : []));
    const parameters = ['tenant_id', ...names];
    const lookup = { statement, parameters, keys: names[0], keyColumn, output: 'rows' };
    const spec = decode(actionSpec, { name: 'get', input, lookup });
    if (!spec.ok || spec.value.kind !== 'lookup') throw new Error(`no such lookup: ${JSON.stringify(spec)}`);
    const { action } = compileLookupAction(
      spec.value,
      {
        tenantId,
        batchSize: 500,
        audit: 'EveryRequest',
        cache: { ttlSeconds, missingTtlSeconds: ttlSeconds, staleIfErrorSeconds: 0 },
      },
      { cache, reader, auditLog, clock },
    );
    return async (given, requestId = 'r') => {
      const text = typeof given === 'string' ? given : JSON.stringify({ tenant_id: tenantId, ...given });
      const decoded = action.decodeInput(parseExactJson(text));
      if (!decoded.ok) throw new Error(JSON.stringify(decoded.problems));
      try {
        const { body, source } = await action.run({
          input: decoded.value,
          requestId,
          context: {},
          rawBody: Buffer.from(text),
          idempotencyKey: undefined,
          deadline: minute(),
        });
        const parsed: { output: { rows: LookupOutcome['rows']; missing?: unknown[] } } = JSON.parse(body);
        return { code: 'answered', body, source, rows: parsed.output.rows, missing: parsed.output.missing ?? [] };
      } catch (error) {
        return { code: isAppError(error) ? error.code : String(error), body: '', rows: [], missing: [] };
      }
    };
  };
};
