/** Shared readings over a database that answers when the test lets it, with a real cache. */

import type { ReadPlan } from '../../pkg/actions/group-reading.ts';
import { createQueryTimer } from '../../pkg/actions/query-timer.ts';
import { createSharedReads } from '../../pkg/actions/shared-reads.ts';
import { createCacheGroup } from '../../pkg/cache/group.ts';
import { createMemoryTier } from '../../pkg/cache/memory-tier.ts';
import { createCache } from '../../pkg/cache/two-tier.ts';
import { AppError, isAppError } from '../../pkg/errors/app-error.ts';
import type { Database } from '../../pkg/postgres/database.ts';
import { compileLookup } from '../../pkg/postgres/lookup-statement.ts';
import { bindParameter } from '../../pkg/postgres/parameter.ts';
import { toAppError } from '../../pkg/postgres/pg-error.ts';
import type { BoundValue } from '../../pkg/postgres/statement.ts';
import type { BatchOutcome, RunTogether, StatementResult } from '../../pkg/postgres/statement-batch.ts';
import { createManualClock } from '../../pkg/process/manual-clock.ts';
import { createDeadline } from '../../pkg/resilience/deadline.ts';
import { createSlots } from '../../pkg/resilience/slots.ts';

export const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
const sqlState = (code: string): Error => Object.assign(new Error('refused'), { code });
const done: StatementResult = { rows: [], rowCount: 0 };
const listed = (literal: BoundValue | undefined): readonly string[] =>
  (literal ?? '').slice(1, -1).split(/,(?![^{]*})/);

export interface Asked {
  readonly tenants: readonly string[];
  /** Array literals. */
  readonly keys: readonly string[];
  readonly requestIds: readonly string[];
  /** Until when it is waited for. */
  readonly deadline: number;
  /** @param ms  that PostgreSQL took */
  answer(ms?: number): void;
  refuse(code: string): void;
  /** The connection is gone. */
  drop(): void;
}

export const plain = 'SELECT id FROM numbers WHERE tenant_id = $1 AND id = ANY($2)';
const plainPlan = [{ 'QUERY PLAN': 'InitPlan 1' }, { 'QUERY PLAN': 'InitPlan 2' }];

interface SharedReadsSetUp {
  readonly text?: string;
  readonly slots?: number;
  readonly waiters?: number;
  readonly requestsMax?: number;
  /** By tenant; left out: one. */
  readonly rowsOf?: Readonly<Record<string, number>>;
}

export const setUpSharedReads = ({
  text = plain,
  slots = 10,
  waiters = 100,
  requestsMax = 1_000,
  rowsOf = {},
}: SharedReadsSetUp = {}) => {
  const clock = createManualClock();
  const cache = createCache({
    clock,
    memory: createMemoryTier(1_000_000),
    random: () => 0.5,
    lookupsOf: () => [{ action: 'get', group: undefined }],
  });
  const lookup = compileLookup({ text, types: ['text', 'text[]'], keyColumn: 'id' });
  const asked: Asked[] = [];
  /** None is free: statements wait for a connection, and begin later or are turned away. */
  const pool = { busy: false, waiting: [] as { begin(): void; turnAway(): void }[] };
  const runBy =
    (deadline: number): RunTogether =>
    (statements) => {
      const { promise, resolve } = Promise.withResolvers<BatchOutcome>();
      const values = statements[1]?.values ?? [];
      const [tenants, keys] = [listed(values[0]), listed(values[1])];
      const rows = tenants.flatMap((tenant, n) =>
        Array.from({ length: rowsOf[tenant] ?? 1 }, () => ({ n: n + 1, key: 'k', row: `"${tenant}"` })),
      );
      asked.push({
        ...{ tenants, keys, requestIds: listed(values[5]), deadline },
        answer: (ms = 0) =>
          resolve({ results: [done, { rows: [...rows, { n: 0, key: `${ms}`, row: '' }], rowCount: 1 }] }),
        refuse: (code) => resolve({ results: [done], failure: { error: sqlState(code) } }),
        drop: () => resolve({ results: [], failure: { error: new Error('Connection terminated') } }),
      });
      return promise;
    };
  const lend: Database['lend'] = async (work, { expiresAt }) => {
    if (pool.busy) {
      await new Promise<void>((begin, reject) => {
        pool.waiting.push({ begin, turnAway: () => reject(new AppError('overloaded')) });
      });
    }
    return work(() => Promise.reject(new Error('nothing runs alone')), runBy(expiresAt)).catch((error) =>
      Promise.reject(toAppError(error)),
    );
  };
  const database = { lend, query: async () => plainPlan } as unknown as Database;
  const heard = { batches: [] as number[], shared: 0, queries: [] as string[] };
  const reads = createSharedReads({
    ...{ database, cache, clock, requestsMax },
    timer: createQueryTimer(clock, (tenantId, status) => void heard.queries.push(`${tenantId} ${status}`)),
    poolShare: createSlots({ clock, slots, queueMax: waiters }),
    hooks: {
      onBatch: (requests) => void heard.batches.push(requests),
      onReading: () => {
        heard.shared += 1;
      },
    },
  });
  const planOf = (tenantId: string, parameters?: string): ReadPlan => ({
    group: createCacheGroup({ tenantId, action: 'get', revision: 'r', parameters }),
    lookup,
    cachePolicy: { ttlSeconds: 300, missingTtlSeconds: 30, staleIfErrorSeconds: 0 },
    bind: (keys) => [tenantId, bindParameter(keys)],
  });
  /** A statement of its own has ended after so long. */
  const alone = (tenantId: string, ms: number, end: 'read' | 'refused' = 'read') =>
    reads.noteAlone(planOf(tenantId), clock.now() - ms, end);
  /** @returns the row, an error's code, or why it is to be read alone: that is quick then, unless `lasts` */
  const read = async (
    tenantId: string,
    { keys = ['k'], budgetMs = 10_000, parameters = '', lasts = false } = {},
  ): Promise<string> => {
    const plan = planOf(tenantId, parameters || undefined);
    const form = reads.formFor(plan, keys.length);
    if (typeof form === 'string') return form;
    const [source, outcome] = ['database', 'answered'] as const;
    const record = { tenantId, action: 'get', keys, requestId: `of ${tenantId}`, source, outcome, context: {} };
    try {
      const rows = await reads.read(form, plan, { keys, record, deadline: createDeadline(clock, budgetMs) });
      if (rows) return String(rows.get('k'));
      if (!lasts) alone(tenantId, 1);
      return 'retried';
    } catch (error) {
      return isAppError(error) ? error.code : String(error);
    }
  };
  const readAll = (tenants: readonly string[]) => tenants.map((tenant) => read(tenant));
  /** All in one turn, answered at once. @returns their outcomes */
  const readNow = async (tenants: readonly string[], end: (statement: Asked) => void = ({ answer }) => answer()) => {
    const from = asked.length;
    const reading = Promise.all(readAll(tenants));
    await settle();
    for (const statement of asked.slice(from)) end(statement);
    return reading;
  };
  return { clock, cache, asked, heard, pool, planOf, alone, read, readAll, readNow };
};

/** The plan is known. */
export const setUpPlain = async (options?: Parameters<typeof setUpSharedReads>[0]) => {
  const all = setUpSharedReads(options);
  await all.readNow(['first']);
  return all;
};
