/** Real cache over a stand-in for Redis; the reader and the audit log are in the test's hands. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createMemoryTier } from '../cache/memory-tier.ts';
import { createRedisStandIn } from '../cache/redis-tier-stand-in.ts';
import { createCache } from '../cache/two-tier.ts';
import { AppError } from '../errors/app-error.ts';
import type { ErrorCode } from '../errors/codes.ts';
import type { AuditRecord } from '../postgres/audit-record.ts';
import { createManualClock } from '../process/manual-clock.ts';
import { createDeadline } from '../resilience/deadline.ts';
import type { LookupAction } from '../tenant/action-spec.ts';
import type { InputSpec } from '../tenant/input-spec.ts';
import type { CachePolicy } from '../tenant/spec.ts';
import { compileLookupAction } from './lookup.ts';

const input = (name: string, more: Partial<InputSpec> = {}): InputSpec => ({
  name,
  type: 'String',
  list: false,
  optional: false,
  ...more,
});
const ids = input('ids', { list: true });
const lookupOf = (inputs: readonly InputSpec[]): LookupAction => ({
  kind: 'lookup',
  name: 'get',
  input: inputs,
  lookup: {
    statement: inputs.map((_, n) => `$${n + 2}`).join(' '),
    parameters: ['tenant_id', ...inputs.map(({ name }) => name)],
    keys: 'ids',
    keyColumn: 'id',
    output: 'rows',
  },
});

interface Options {
  readonly inputs?: readonly InputSpec[];
  readonly policy?: Partial<CachePolicy>;
  readonly audit?: 'EveryRequest' | 'DatabaseReads';
}

const setUp = ({ inputs = [ids], policy = {}, audit = 'EveryRequest' }: Options = {}) => {
  const clock = createManualClock();
  const redis = createRedisStandIn();
  const memory = createMemoryTier(1_000_000);
  const cache = createCache({
    clock,
    memory,
    redis,
    random: () => 0.5,
    lookupsOf: () => [{ action: 'get', group: undefined }],
  });
  const cachePolicy = { ttlSeconds: 300, missingTtlSeconds: 30, staleIfErrorSeconds: 0, ...policy };
  const rows = new Map<string, string>([
    ['a', '{"id":"a"}'],
    ['b', '{"id":"b"}'],
    ['1', '{"id":1}'],
  ]);
  const heard = { read: [] as (readonly string[])[], values: [] as unknown[], audited: [] as AuditRecord[] };
  const state: { failure?: ErrorCode; auditFailure?: ErrorCode } = {};
  const { action } = compileLookupAction(
    lookupOf(inputs),
    { tenantId: 'acme', batchSize: 100, cache: cachePolicy, audit },
    {
      cache,
      clock,
      auditLog: {
        append: async (records) => {
          if (state.auditFailure) throw new AppError(state.auditFailure);
          heard.audited.push(...records);
        },
      },
      reader: {
        groups: () => 0,
        read: async (plan, { keys, record }) => {
          heard.read.push(keys);
          heard.values.push(plan.bind(keys));
          if (state.failure) throw new AppError(state.failure);
          heard.audited.push(record);
          const found = new Map(keys.map((key) => [key, rows.get(key) ?? null] as const));
          cache.store(plan.group, cache.epoch(plan.group), found, plan.cachePolicy);
          return found;
        },
      },
    },
  );
  const ask = async (given: object) => {
    const decoded = action.decodeInput({ tenant_id: 'acme', ...given });
    if (!decoded.ok) throw new Error(JSON.stringify(decoded.problems));
    const deadline = createDeadline(clock, 1_000);
    const { body, source } = await action.run({
      input: decoded.value,
      requestId: 'r',
      context: {},
      deadline,
      rawBody: Buffer.alloc(0),
      idempotencyKey: undefined,
    });
    deadline.close();
    const { output }: { output: Record<string, unknown> } = JSON.parse(body);
    return { ...output, source };
  };
  return { clock, redis, memory, cache, heard, state, rows, action, ask };
};

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'answered',
    (error: unknown) => error instanceof AppError && error.code,
  );

test('a key comes from memory, then from Redis, then from the database; only what is missing travels further', async () => {
  const { ask, memory, heard } = setUp();
  assert.equal(await ask({ ids: ['a'] }), { rows: [{ id: 'a' }], count: 1, source: 'database' });
  assert.equal(await ask({ ids: ['a'] }), { rows: [{ id: 'a' }], count: 1, source: 'memory' });
  memory.clear();
  assert.is((await ask({ ids: ['a'] })).source, 'redis');
  assert.is((await ask({ ids: ['a'] })).source, 'memory');
  assert.is((await ask({ ids: ['b', 'a'] })).source, 'database');
  assert.equal(heard.read, [['a'], ['b']]);
});

test('rows keep the order asked for, a duplicate is asked for once, what is missing is named', async () => {
  const { ask, heard } = setUp();
  await ask({ ids: ['b'] });
  const answer = { rows: [{ id: 'a' }, { id: 'b' }], count: 2, missing: ['z'] };
  assert.equal(await ask({ ids: ['a', 'z', 'b', 'a'] }), { ...answer, source: 'database' });
  assert.equal(await ask({ ids: ['a', 'z', 'b', 'a'] }), { ...answer, source: 'memory' });
  assert.equal(heard.read, [['b'], ['a', 'z']]);
});

test('EveryRequest audits each answer with its own keys and source; the answer waits for it', async () => {
  const { ask, heard, state } = setUp();
  for (const keys of [['a'], ['a'], ['a', 'b']]) await ask({ ids: keys });
  assert.equal(
    heard.audited.map(({ keys, source, outcome, tenantId, action }) => [keys, source, outcome, tenantId, action]),
    [
      [['a'], 'database', 'answered', 'acme', 'get'],
      [['a'], 'memory', 'answered', 'acme', 'get'],
      [['a', 'b'], 'database', 'answered', 'acme', 'get'],
    ],
  );
  state.auditFailure = 'database_unavailable';
  assert.is(await codeOf(ask({ ids: ['a'] })), 'database_unavailable');
});

test('DatabaseReads audits only what touched the database, so cached answers go on without it', async () => {
  const { ask, heard, state, memory } = setUp({ audit: 'DatabaseReads' });
  await ask({ ids: ['a'] });
  state.failure = state.auditFailure = 'database_unavailable';
  assert.is((await ask({ ids: ['a'] })).source, 'memory');
  memory.clear();
  assert.is((await ask({ ids: ['a'] })).source, 'redis');
  assert.is(await codeOf(ask({ ids: ['a', 'b'] })), 'database_unavailable');
  assert.is(heard.audited.length, 1);
});

test('an entry past its time is read again; an absence lives by its own', async () => {
  const { ask, clock, heard } = setUp();
  await ask({ ids: ['a', 'z'] });
  await clock.advance(29_000);
  await ask({ ids: ['a', 'z'] });
  await clock.advance(2_000);
  await ask({ ids: ['a', 'z'] });
  await clock.advance(270_000);
  await ask({ ids: ['a'] });
  assert.equal(heard.read, [['a', 'z'], ['z'], ['a']]);
});

test('stale rows answer, and say so, only while the database cannot and within their time', async () => {
  const options = { audit: 'DatabaseReads', policy: { staleIfErrorSeconds: 60 } } as const;
  for (const failure of ['database_unavailable', 'deadline_exceeded', 'overloaded'] as const) {
    const { ask, clock, state } = setUp(options);
    await ask({ ids: ['a'] });
    await clock.advance(301_000);
    state.failure = failure;
    assert.equal(await ask({ ids: ['a'] }), { rows: [{ id: 'a' }], count: 1, stale: true, source: 'memory' });
    assert.is(await codeOf(ask({ ids: ['a', 'b'] })), failure, 'not for keys that were never read');
    await clock.advance(60_000);
    assert.is(await codeOf(ask({ ids: ['a'] })), failure);
  }
  const { ask, clock, state, rows } = setUp(options);
  await ask({ ids: ['a', 'z'] });
  await clock.advance(301_000);
  state.failure = 'statement_failed';
  assert.is(await codeOf(ask({ ids: ['a'] })), 'statement_failed');
  state.failure = 'database_unavailable';
  assert.is(await codeOf(ask({ ids: ['z'] })), 'database_unavailable', 'absences never go stale');
  delete state.failure;
  rows.set('a', '{"id":"a","v":2}');
  assert.equal(await ask({ ids: ['a'] }), { rows: [{ id: 'a', v: 2 }], count: 1, source: 'database' });
});

test('without a cache policy every request reads', async () => {
  const { ask, heard } = setUp({ policy: { ttlSeconds: 0, missingTtlSeconds: 0 } });
  await ask({ ids: ['a', 'z'] });
  await ask({ ids: ['a', 'z'] });
  assert.is(heard.read.length, 2);
});

test('other parameters part the cache: no row answers for other values', async () => {
  const inputs = [ids, input('kind', { optional: true }), input('tags', { list: true, optional: true })];
  const { ask, heard } = setUp({ inputs });
  const variants = [{}, { kind: '' }, { kind: 'null' }, { kind: 'x' }, { tags: [] }, { tags: ['x'] }, { kind: '{x}' }];
  for (const variant of variants) await ask({ ids: ['a'], ...variant });
  assert.is(heard.read.length, variants.length);
  for (const variant of variants) assert.is((await ask({ ids: ['a'], ...variant })).source, 'memory');
  assert.equal(heard.values.slice(0, 3), [
    ['acme', '{a}', null, null],
    ['acme', '{a}', '', null],
    ['acme', '{a}', 'null', null],
  ]);
});

test('Integer keys: exact, numbers in the answer', async () => {
  const { action, ask, heard } = setUp({ inputs: [input('ids', { list: true, type: 'Integer' })] });
  assert.equal(await ask({ ids: [1, 1, -0, 2n ** 63n - 1n] }), {
    rows: [{ id: 1 }],
    count: 1,
    missing: [0, Number('9223372036854775807')],
    source: 'database',
  });
  assert.equal(heard.read, [['1', '0', '9223372036854775807']]);
  assert.ok(action.decodeInput({ tenant_id: 'acme', ids: [1] }).ok);
});

test('keys that would not fit an answer by themselves are refused', () => {
  const { action } = setUp();
  const keys = (characters: number) => Array.from({ length: 40 }, (_, n) => `${n}`.padEnd(characters, 'x'));
  assert.ok(action.decodeInput({ tenant_id: 'acme', ids: keys(800) }).ok);
  assert.equal(action.decodeInput({ tenant_id: 'acme', ids: keys(820) }), {
    ok: false,
    problems: [{ path: 'input.ids', expected: 'keys that fit an answer by themselves' }],
  });
});

test.run();
