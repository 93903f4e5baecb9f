/** A database that answers when the test lets it; real cache. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createCacheGroup } from '../cache/group.ts';
import { createMemoryTier } from '../cache/memory-tier.ts';
import { createCache } from '../cache/two-tier.ts';
import { AppError, isAppError } from '../errors/app-error.ts';
import type { AuditLog } from '../postgres/audit-log.ts';
import type { Database } from '../postgres/database.ts';
import { compileLookup } from '../postgres/lookup-statement.ts';
import { bindParameter } from '../postgres/parameter.ts';
import type { BoundValue } from '../postgres/statement.ts';
import { databaseLimits } from '../process/limits.ts';
import { createManualClock } from '../process/manual-clock.ts';
import { createDeadline } from '../resilience/deadline.ts';
import { createSlots } from '../resilience/slots.ts';
import type { ReadPlan } from './group-reading.ts';
import { createLookupReader } from './lookup-reader.ts';
import { createQueryTimer } from './query-timer.ts';

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
const keysIn = (literal: BoundValue | undefined): readonly string[] =>
  (literal ?? '{}').slice(1, -1).split(',').filter(Boolean);

const setUp = ({ requestsMax = 1_000 } = {}) => {
  const clock = createManualClock();
  const cache = createCache({
    clock,
    memory: createMemoryTier(1_000_000),
    random: () => 0.5,
    lookupsOf: () => [{ action: 'get', group: undefined }],
  });
  /** `requests`: whose audit rows the statement writes. */
  const calls: { readonly keys: readonly string[]; readonly requests: number }[] = [];
  const audited: (readonly string[])[] = [];
  const heard = { batches: [] as number[], queries: [] as string[], readings: [] as string[] };
  const queue: PromiseWithResolvers<void>[] = [];
  /** Until when each statement, and each commit of audit rows, is waited for. */
  const waits = { statements: [] as number[], commits: [] as number[] };
  const state = { poison: '', code: '22012', auditFails: false };
  const query: Database['query'] = async (_statement, values, { expiresAt }, onStart) => {
    onStart?.();
    waits.statements.push(expiresAt);
    const keys = keysIn(values[1]);
    calls.push({ keys, requests: keysIn(values[2]).length });
    const turn = Promise.withResolvers<void>();
    queue.push(turn);
    await turn.promise;
    if (keys.includes(state.poison)) {
      throw new AppError('statement_failed', { cause: Object.assign(new Error('refused'), { code: state.code }) });
    }
    return keys
      .filter((key) => key !== 'none')
      .flatMap((key) => [
        { key, row: `"${key}"` },
        { key, row: '"second"' },
        { key: 'x', row: '"x"' },
        { key: null, row: '"null"' },
      ]);
  };
  const database: Database = {
    query,
    lend: () => Promise.reject(new Error('a lookup needs no connection of its own')),
    start: () => {},
    stop: async () => {},
    reached: () => true,
    stats: () => ({ active: 0, idle: 0, pending: 0, waiting: 0 }),
  };
  const auditLog: AuditLog = {
    append: async (records, { expiresAt }) => {
      waits.commits.push(expiresAt);
      audited.push(records.map(({ requestId }) => requestId));
      if (state.auditFails) throw new AppError('database_unavailable');
    },
  };
  const reader = createLookupReader({
    database,
    auditLog,
    cache,
    clock,
    timer: createQueryTimer(clock, (tenantId, status) => void heard.queries.push(`${tenantId} ${status}`)),
    keptPlans: { formOf: (plain) => plain },
    poolShare: createSlots({ clock, slots: 1, queueMax: 0 }),
    requestsMax,
    hooks: {
      onBatch: (requests) => void heard.batches.push(requests),
      onReading: (result) => void heard.readings.push(result),
    },
  });
  const planOf = (parameters?: string): ReadPlan => ({
    group: createCacheGroup({ tenantId: 'acme', action: 'get', revision: 'r', parameters }),
    lookup: compileLookup({ text: '$1 $2', types: ['text', 'text[]'], keyColumn: 'id' }),
    cachePolicy: { ttlSeconds: 300, missingTtlSeconds: 30, staleIfErrorSeconds: 0 },
    bind: (keys) => ['acme', bindParameter(keys)],
  });
  const read = (keys: readonly string[], { plan = planOf(), budgetMs = 1_000 } = {}) =>
    reader.read(plan, {
      keys,
      record: {
        tenantId: 'acme',
        action: 'get',
        keys,
        requestId: keys.join('-'),
        source: 'database',
        outcome: 'answered',
        context: {},
      },
      deadline: createDeadline(clock, budgetMs),
    });
  /** Lets the statement that runs go on, and whoever waits for it. */
  const answer = async () => {
    queue.shift()?.resolve();
    await settle();
  };
  return { clock, cache, calls, audited, heard, waits, state, reader, planOf, read, answer };
};

const outcome = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'answered',
    (error: unknown) => (isAppError(error) ? error.code : String(error)),
  );

test('what comes in one turn is read then; what comes meanwhile forms the next batch, each key once', async () => {
  const { read, calls, answer, heard } = setUp();
  const first = read(['a']);
  await settle();
  const second = [read(['e']), read(['e'])];
  await settle();
  assert.equal(calls, [
    { keys: ['a'], requests: 1 },
    { keys: ['e'], requests: 2 },
  ]);
  const later = [read(['b', 'c']), read(['c', 'd']), read(['a'])];
  await settle();
  assert.is(calls.length, 2, 'two at a time');
  await answer();
  assert.is((await first).get('a'), '"a"');
  assert.equal(calls[2], { keys: ['b', 'c', 'd'], requests: 3 }, 'a has been read meanwhile');
  await answer();
  assert.is((await second[0])?.get('e'), '"e"');
  await answer();
  const [bc, cd, a] = await Promise.all(later);
  assert.equal([bc?.get('b'), bc?.get('c'), cd?.get('d'), a?.get('a')], ['"b"', '"c"', '"d"', '"a"']);
  assert.equal(heard.batches, [1, 2, 3]);
  assert.equal(heard.queries, ['acme success', 'acme success', 'acme success']);
});

test('of several rows for a key the first counts; rows for keys nobody asked for, or without one, do not', async () => {
  const { read, answer, cache, planOf } = setUp();
  const reading = read(['a', 'none']);
  await settle();
  await answer();
  assert.equal(
    [...(await reading)],
    [
      ['a', '"a"'],
      ['none', null],
    ],
  );
  assert.is(cache.readMemory(planOf().group, ['x']).entries[0], undefined);
  assert.is(cache.readMemory(planOf().group, ['a']).entries[0]?.text, '"a"');
  assert.is(cache.readMemory(planOf().group, ['none']).entries[0]?.text, null);
});

test('as many wait for one lookup as are let in; whoever comes then is refused at once', async () => {
  const { read, answer } = setUp({ requestsMax: 2 });
  const answered: Promise<string>[] = [];
  for (const key of ['a', 'b']) {
    answered.push(outcome(read([key])));
    await settle();
  }
  answered.push(outcome(read(['c'])), outcome(read(['d'])));
  assert.is(await outcome(read(['e'])), 'overloaded');
  for (const _ of answered) await answer();
  assert.equal(await Promise.all(answered), ['answered', 'answered', 'answered', 'answered']);
});

test('requests with other parameters never share a statement', async () => {
  const { read, calls, answer, planOf } = setUp();
  const reading = [read(['a'], { plan: planOf('1') }), read(['a'], { plan: planOf('2') })];
  await settle();
  assert.is(calls.length, 2);
  await answer();
  await answer();
  await Promise.all(reading);
});

test('the one request at fault fails alone', async () => {
  const { read, calls, answer, state, heard } = setUp();
  state.poison = 'p';
  const reading = [['z'], ['a'], ['b'], ['p', 'a'], ['c']].map((keys) => outcome(read(keys)));
  await settle();
  for (let turn = 0; turn < calls.length; turn += 1) await answer();
  assert.equal(await Promise.all(reading), ['answered', 'answered', 'answered', 'statement_failed', 'answered']);
  assert.ok(heard.queries.includes('acme error'));
});

test('each waiter leaves at its own deadline; the statement runs on for the others', async () => {
  const { read, answer, clock, cache, planOf } = setUp();
  const first = outcome(read(['a'], { budgetMs: 10 }));
  await settle();
  const second = outcome(read(['b'], { budgetMs: 500 }));
  await clock.advance(10);
  assert.is(await first, 'deadline_exceeded');
  await answer();
  assert.is(cache.readMemory(planOf().group, ['a']).entries[0]?.text, '"a"', 'what was read is kept');
  await answer();
  assert.is(await second, 'answered');
});

test('what waits for its share of the pool waits for as long as the last of its requests does', async () => {
  const { clock, read, planOf, waits, calls, answer } = setUp();
  const share = createSlots({ clock, slots: 1, queueMax: 10 });
  const held = Promise.withResolvers<void>();
  const holding = share.use(createDeadline(clock, 10_000), () => held.promise);
  const plan = { ...planOf(), share };
  const [from, budgets] = [clock.now(), { a: 50, b: 1_000, c: 500 }];
  const reading = Object.entries(budgets).map(([key, budgetMs]) => outcome(read([key], { plan, budgetMs })));
  await settle();
  await clock.advance(50);
  assert.is(await reading[0], 'deadline_exceeded');
  held.resolve();
  await holding;
  await settle();
  assert.equal([waits.statements, calls.length], [[from + budgets.b], 1]);
  await answer();
  assert.equal(await Promise.all(reading), ['deadline_exceeded', 'answered', 'answered']);
});

test('nothing is kept of a group whose last run has ended, also when nobody waited for that', async () => {
  const { read, answer, clock, reader } = setUp();
  const left = outcome(read(['a'], { budgetMs: 10 }));
  assert.is(reader.groups(), 1);
  await settle();
  await clock.advance(10);
  assert.is(await left, 'deadline_exceeded');
  await answer();
  assert.is(reader.groups(), 0);
});

test('rows invalidated while they were read are answered, not kept', async () => {
  const { read, answer, cache, planOf } = setUp();
  const reading = read(['a']);
  await settle();
  cache.invalidate({ tenantId: 'acme', action: 'get' });
  await answer();
  assert.is((await reading).get('a'), '"a"');
  assert.is(cache.readMemory(planOf().group, ['a']).entries[0], undefined);
});

/** @returns reads by so many lookups that all of them are at work */
const readMany = async ({ read, calls, answer, planOf }: ReturnType<typeof setUp>) => {
  const from = calls.length;
  const reading = Array.from({ length: databaseLimits.lookupsCommittingMax + 1 }, (_, n) =>
    read(['a'], { plan: planOf(`${n}`), budgetMs: 10_000 }),
  );
  await settle();
  for (const _ of calls.slice(from)) await answer();
  await Promise.all(reading);
};

test('beside many other lookups a statement reads alone, and its audit rows are committed before anyone is answered', async () => {
  const all = setUp();
  const { clock, read, calls, audited, heard, answer } = all;
  await readMany(all);
  assert.is(
    calls.every(({ requests }) => requests === 1),
    true,
    'hardly anyone beside',
  );
  const reading = [read(['b']), read(['c'])];
  await settle();
  assert.is(calls.at(-1)?.requests, 0);
  assert.equal(audited, [], 'not before the rows are read');
  await answer();
  await Promise.all(reading);
  assert.equal(audited, [['b', 'c']], 'those of the batch together');
  assert.equal(heard.readings, ['few', 'not_plain', 'not_plain', 'not_plain']);
  await clock.advance(databaseLimits.lookupMovesMs);
  const alone = read(['d']);
  await settle();
  assert.is(calls.at(-1)?.requests, 1, 'with the statement again');
  await answer();
  await alone;
});

test('a statement and the commit of its audit rows are waited for as long as the last of its requests waits', async () => {
  const all = setUp();
  const { clock, read, waits, answer } = all;
  await readMany(all);
  const from = clock.now();
  const reading = [50, 1_000, 500].map((budgetMs) => read([`of ${budgetMs}`], { budgetMs }));
  await settle();
  await answer();
  await Promise.all(reading);
  assert.equal([waits.statements.at(-1), waits.commits], [from + 1_000, [from + 1_000]]);
});

test('beside lookups that only wait, however often they are asked for, a statement brings its audit rows as if it were alone', async () => {
  const { read, calls, answer, planOf } = setUp();
  const slow = Array.from({ length: 10 }, (_, n) => read(['a'], { plan: planOf(`${n}`) }));
  await settle();
  slow.push(...Array.from({ length: 10 }, (_, n) => read(['a'], { plan: planOf(`${n}`) })));
  const quick = read(['b']);
  await settle();
  assert.equal([calls.at(-1)?.keys, calls.at(-1)?.requests], [['b'], 1]);
  for (let at = 0; at < calls.length; at += 1) await answer();
  await Promise.all([...slow, quick]);
});

test('beside one other, too, where it cannot share', async () => {
  const { read, calls, answer, planOf, heard, audited } = setUp();
  for (const parameters of ['x', 'y', 'x']) {
    const reading = read([parameters], { plan: planOf(parameters) });
    await settle();
    await answer();
    await reading;
  }
  assert.equal(
    calls.map(({ requests }) => requests),
    [1, 1, 1],
  );
  assert.equal([heard.readings, audited], [['few', 'few', 'not_plain'], []]);
});

test('beside lookups whose statements took long, too', async () => {
  const { clock, read, calls, answer, planOf, heard } = setUp();
  const slow = ['x', 'y', 'z'].map((parameters) => read(['a'], { plan: planOf(parameters) }));
  await settle();
  await clock.advance(databaseLimits.lookupMovesMs);
  for (const _ of slow) await answer();
  await Promise.all(slow);
  const quick = read(['b']);
  await settle();
  assert.equal([calls.at(-1)?.keys, calls.at(-1)?.requests], [['b'], 1]);
  await answer();
  await quick;
  assert.is(heard.readings.at(-1), 'few');
});

for (const [code, statements] of [
  ['22012', 1],
  ['42P01', 2],
] as const) {
  test(`where it was read without them and refused with ${code}, ${statements} statement(s) tell`, async () => {
    const all = setUp();
    const { read, answer, state, calls } = all;
    await readMany(all);
    const before = calls.length;
    Object.assign(state, { poison: 'p', code });
    const reading = outcome(read(['p']));
    await settle();
    for (const _ of Array(statements).keys()) await answer();
    assert.is(await reading, 'statement_failed');
    assert.equal(
      calls.slice(before).map(({ requests }) => requests),
      Array(statements).fill(0),
    );
  });
}

test('whose audit rows cannot be committed is not answered, nor what was read kept for whoever asks again', async () => {
  const all = setUp();
  const { read, answer, state, cache, planOf } = all;
  await readMany(all);
  state.auditFails = true;
  const reading = outcome(read(['b']));
  await settle();
  await answer();
  assert.is(await reading, 'database_unavailable');
  assert.is(cache.readMemory(planOf().group, ['b']).entries[0], undefined);
});

test.run();
