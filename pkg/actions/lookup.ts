/**
 * A lookup: per key the memory tier, then Redis, then PostgreSQL; only what is missing travels further.
 */

import type { CacheEntry } from '../cache/entry.ts';
import { type CacheGroup, createCacheGroup } from '../cache/group.ts';
import type { Cache, CachedLookup } from '../cache/two-tier.ts';
import { isAppError } from '../errors/app-error.ts';
import { refused } from '../errors/problem.ts';
import type { AuditLog } from '../postgres/audit-log.ts';
import type { AuditRecord } from '../postgres/audit-record.ts';
import type { CompiledStatement } from '../postgres/compiled-statement.ts';
import { compileLookup } from '../postgres/lookup-statement.ts';
import { bindParameter, typesOf } from '../postgres/parameter.ts';
import type { Clock } from '../process/clock.ts';
import { requestLimits } from '../process/limits.ts';
import { perObject } from '../process/per-object.ts';
import type { Slots } from '../resilience/slots.ts';
import type { LookupAction } from '../tenant/action-spec.ts';
import { actionRevision } from '../tenant/revision.ts';
import type { CachePolicy } from '../tenant/spec.ts';
import { keysFitAnswer, shapeAnswer } from '../webhook/answer.ts';
import type { Action, ActionAnswer, ActionCall, ActionInput } from './action.ts';
import { batchInputs } from './batch-inputs.ts';
import { compileInput } from './input-codec.ts';
import { differentKeys, listedKeys } from './input-keys.ts';
import type { LookupReader, ReadPlan } from './lookup-reader.ts';

export interface LookupServices {
  readonly cache: Cache;
  readonly reader: LookupReader;
  readonly auditLog: AuditLog;
  readonly clock: Clock;
}

/** The part of a tenant's configuration that its lookups depend on. */
export interface LookupTenant {
  readonly tenantId: string;
  readonly batchSize: number;
  readonly cache: CachePolicy;
  readonly audit: 'EveryRequest' | 'DatabaseReads';
  /** What all its lookups hold of the pool; left out: as much as there is. */
  readonly share?: Slots;
}

export interface CompiledLookup {
  readonly action: Action;
  readonly statement: CompiledStatement;
  /** What invalidations have to know. */
  readonly cached: CachedLookup;
}

/** JSON text; null: there is none; undefined: not known yet. */
type Row = string | null | undefined;

/** What memory has of a request's different keys, each list in their order. */
interface Held {
  readonly keys: readonly string[];
  /** Filled on the way. */
  readonly rows: Row[];
  readonly entries: readonly (CacheEntry | undefined)[];
  readonly now: number;
}

/** A key as JSON text. */
const keyTexts: Readonly<Record<'UUID' | 'Integer' | 'String', (key: string) => string>> = {
  // Nothing in it needs escaping.
  UUID: (key) => `"${key}"`,
  Integer: (key) => key,
  String: (key) => JSON.stringify(key),
};

const nilUuid = '00000000-0000-0000-0000-000000000000';

/** Errors after which rows past their time are better than none. */
const canGoStale = (error: unknown): boolean =>
  isAppError(error, 'database_unavailable', 'deadline_exceeded', 'overloaded');

/** What the declaration alone decides: worked out once for all tenants that have it. */
const declarationOf = perObject((spec: LookupAction) => {
  const { input, lookup } = spec;
  const { statement: text, parameters, keys, keyColumn, output } = lookup;
  const keysType = input.find(({ name }) => name === keys)?.type;
  const keyText = keyTexts[keysType === 'Integer' || keysType === 'UUID' ? keysType : 'String'];
  const mostUuids = Array<string>(requestLimits.batchSizeMax).fill(keyTexts.UUID(nilUuid));
  return {
    statement: compileLookup({ text, types: typesOf(parameters, input), keyColumn }),
    ownRevision: actionRevision(spec),
    otherParameters: parameters.filter((name) => name !== 'tenant_id' && name !== keys),
    keyText,
    /** As many UUIDs as any batch may have: nothing is to be counted then. */
    everyBatchFits: keysType === 'UUID' && keysFitAnswer(output, mostUuids),
  };
});

export const compileLookupAction = (
  spec: LookupAction,
  tenant: LookupTenant,
  services: LookupServices,
): CompiledLookup => {
  const { cache, reader, auditLog, clock } = services;
  const { lookup } = spec;
  const { statement, ownRevision, otherParameters, keyText, everyBatchFits } = declarationOf(spec);
  // Another policy is another revision: rows kept under the old one do not outlive it.
  const { ttlSeconds, missingTtlSeconds, staleIfErrorSeconds } = tenant.cache;
  const revision = [ownRevision, ttlSeconds, missingTtlSeconds, staleIfErrorSeconds].join('-');
  const decode = compileInput(spec.input, {
    tenantId: tenant.tenantId,
    batch: { names: batchInputs(spec), max: tenant.batchSize },
  });

  const groupOf = (parameters: string | undefined): CacheGroup =>
    createCacheGroup({ tenantId: tenant.tenantId, action: spec.name, revision, parameters });
  const onlyGroup = otherParameters.length === 0 ? groupOf(undefined) : undefined;
  const groupFor = (input: ActionInput): CacheGroup =>
    onlyGroup ?? groupOf(JSON.stringify(otherParameters.map((name) => bindParameter(input[name]))));

  const planFor = (input: ActionInput, group: CacheGroup): ReadPlan => ({
    group,
    lookup: statement,
    cachePolicy: tenant.cache,
    share: tenant.share,
    bind: (keys) =>
      lookup.parameters.map((name) => {
        if (name === 'tenant_id') return tenant.tenantId;
        return bindParameter(name === lookup.keys ? keys : input[name]);
      }),
  });

  const recordOf = (call: ActionCall, keys: readonly string[], source: AuditRecord['source']): AuditRecord => ({
    tenantId: tenant.tenantId,
    action: spec.name,
    keys,
    requestId: call.requestId,
    source,
    outcome: 'answered',
    context: call.context,
  });

  const shape = (keys: readonly string[], rows: readonly Row[], stale = false): string => {
    const keyAt = (place: number): string => keyText(keys[place] ?? '');
    return shapeAnswer(lookup.output, { rows: rows.map((row) => row ?? null), keyAt }, { stale });
  };

  const answerFromCache = async (
    call: ActionCall,
    { keys, rows }: Pick<Held, 'keys' | 'rows'>,
    source: 'memory' | 'redis',
  ): Promise<ActionAnswer> => {
    if (tenant.audit === 'EveryRequest') await auditLog.append([recordOf(call, keys, source)], call.deadline);
    return { body: shape(keys, rows), source };
  };

  /** What memory does not have, from further away. */
  const readOn = async (call: ActionCall, { keys, rows, entries, now }: Held): Promise<ActionAnswer> => {
    const past = new Map<string, CacheEntry>();
    const unread = () => keys.filter((_, place) => rows[place] === undefined);
    const fill = (rowOf: (key: string) => Row): void => {
      for (const [place, key] of keys.entries()) if (rows[place] === undefined) rows[place] = rowOf(key);
    };
    const take = (entryOf: (key: string, place: number) => CacheEntry | undefined): void => {
      for (const [place, key] of keys.entries()) {
        const entry = entryOf(key, place);
        if (entry === undefined) continue;
        if (entry.life.freshUntil > now) rows[place] = entry.text;
        else if (entry.life.staleUntil > now) past.set(key, entry);
      }
    };

    take((_, place) => entries[place]);
    const plan = planFor(call.input, groupFor(call.input));
    const cached = await cache.readRedis(plan.group, unread(), call.deadline);
    take((key) => cached.get(key));
    if (!rows.includes(undefined)) return answerFromCache(call, { keys, rows }, 'redis');

    const missing = unread();
    try {
      const record = recordOf(call, keys, 'database');
      const read = await reader.read(plan, { keys: missing, record, deadline: call.deadline });
      fill((key) => read.get(key));
      return { body: shape(keys, rows), source: 'database' };
    } catch (error) {
      if (!canGoStale(error) || !missing.every((key) => past.has(key))) throw error;
      fill((key) => past.get(key)?.text);
      return { body: shape(keys, rows, true), source: 'memory' };
    }
  };

  const run = async (call: ActionCall): Promise<ActionAnswer> => {
    const now = clock.wall();
    const { keys, entries } = cache.readMemory(groupFor(call.input), listedKeys(call.input, lookup.keys));
    const rows = entries.map((entry) => (entry !== undefined && entry.life.freshUntil > now ? entry.text : undefined));
    if (rows.includes(undefined)) return readOn(call, { keys, rows, entries, now });
    return answerFromCache(call, { keys, rows }, 'memory');
  };

  const decodeInput: Action['decodeInput'] = (value) => {
    const input = decode(value);
    if (!input.ok || everyBatchFits) return input;
    if (keysFitAnswer(lookup.output, differentKeys(input.value, lookup.keys).map(keyText))) return input;
    return refused([{ path: `input.${lookup.keys}`, expected: 'keys that fit an answer by themselves' }]);
  };

  return {
    action: { name: spec.name, kind: 'lookup', decodeInput, run },
    statement,
    cached: { action: spec.name, group: onlyGroup },
  };
};
