/** What the cache asks of Redis in one turn of the event loop: one read and one write, whoever the tenants are. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cacheLimits } from '../process/limits.ts';
import { createManualClock } from '../process/manual-clock.ts';
import { createDeadline } from '../resilience/deadline.ts';
import type { CacheEntry } from './entry.ts';
import { type CacheGroup, createCacheGroup } from './group.ts';
import { createMemoryTier } from './memory-tier.ts';
import type { RedisTier } from './redis-tier.ts';
import { createRedisStandIn } from './redis-tier-stand-in.ts';
import { createCache } from './two-tier.ts';

const policy = { ttlSeconds: 300, missingTtlSeconds: 30, staleIfErrorSeconds: 60 };
const groupOf = (tenantId: string, parameters?: string) =>
  createCacheGroup({ tenantId, action: 'customers', revision: 'r1', parameters });
const [acme, german, umbrella] = [groupOf('acme'), groupOf('acme', '["de"]'), groupOf('umbrella')];
const nameOf = (group: CacheGroup): string => (group.prefix === german.prefix ? 'german' : group.tenantId);

/** A cache whose Redis says what it is asked: of each call, the groups with their keys. */
const setUp = () => {
  const clock = createManualClock();
  const redis = createRedisStandIn();
  const calls: { readonly reads: object[]; readonly writes: object[] } = { reads: [], writes: [] };
  const told: RedisTier = {
    ...redis,
    read: async (reads) => {
      calls.reads.push(reads.map(({ group, keys }) => [nameOf(group), keys.join(' ')]));
      const answers = await redis.read(reads);
      meanwhile();
      return answers;
    },
    write: (writes) => {
      calls.writes.push(writes.map(({ group, entries }) => [nameOf(group), entries.map(([key]) => key).join(' ')]));
      return redis.write(writes);
    },
  };
  let meanwhile = (): void => undefined;
  const results: string[] = [];
  const cache = createCache({
    clock,
    memory: createMemoryTier(0),
    redis: told,
    random: () => 0.5,
    lookupsOf: (tenantId) => [{ action: 'customers', group: tenantId === 'acme' ? acme : umbrella }],
    hooks: { onResult: (tier, result, keys) => void results.push(`${tier} ${result} ${keys}`) },
  });
  const store = (group: CacheGroup, rows: Readonly<Record<string, string | null>>) =>
    cache.store(group, cache.epoch(group), Object.entries(rows), policy);
  const read = async (group: CacheGroup, keys: readonly string[]) =>
    textsOf(await cache.readRedis(group, keys, createDeadline(clock, 1_000)));
  /** What happens once from now on, while Redis is read. */
  const during = (happens: () => void): void => {
    meanwhile = () => {
      meanwhile = () => undefined;
      happens();
    };
  };
  return { cache, clock, redis, calls, results, store, read, during };
};

const textsOf = (entries: ReadonlyMap<string, CacheEntry>) =>
  Object.fromEntries([...entries].map(([key, { text }]) => [key, text]));

const endTurn = () => new Promise<void>((resolve) => void setImmediate(resolve));

test('reads of one turn ask Redis once, for each key of a group once, and each gets what its own group has', async () => {
  const { calls, results, store, read } = setUp();
  store(acme, { a: '1', b: '2', c: '3' });
  store(umbrella, { a: 'umbrella', x: null });
  await endTurn();
  const asked = [read(acme, ['a', 'b']), read(umbrella, ['a', 'x']), read(acme, ['b', 'y']), read(german, ['a'])];
  assert.equal(calls.reads, []);
  const [one, two, three, four] = await Promise.all(asked);
  assert.equal(calls.reads, [
    [
      ['acme', 'a b y'],
      ['umbrella', 'a x'],
      ['german', 'a'],
    ],
  ]);
  assert.equal([two, four], [{ a: 'umbrella', x: null }, {}]);
  assert.equal(
    [one, three],
    [
      { a: '1', b: '2' },
      { a: '1', b: '2' },
    ],
  );
  assert.equal(results, ['redis hit 2', 'redis miss 1', 'redis hit 2', 'redis miss 1']);
  await read(acme, ['a']);
  assert.equal(calls.reads.slice(1), [[['acme', 'a']]]);
});

test('what is more than one read may ask for is asked for beside it', async () => {
  const { calls, read } = setUp();
  const keys = Array.from({ length: cacheLimits.readKeysMax }, (_, n) => `k${n}`);
  await Promise.all([read(acme, keys), read(umbrella, ['a']), read(german, ['a'])]);
  assert.equal(calls.reads, [
    [['acme', keys.join(' ')]],
    [
      ['umbrella', 'a'],
      ['german', 'a'],
    ],
  ]);
});

for (const outcome of ['error', 'skipped'] as const) {
  test(`a read that comes to nothing (${outcome}) is told for each of its groups`, async () => {
    const { redis, results, read } = setUp();
    redis.outcome = outcome;
    assert.equal(await Promise.all([read(acme, ['a', 'b']), read(umbrella, ['a'])]), [{}, {}]);
    assert.equal(results, [`redis ${outcome} 2`, `redis ${outcome} 1`]);
  });
}

test("an invalidation, or a floor in Redis, voids its own tenant's part of a shared read", async () => {
  const { cache, clock, redis, store, read, during } = setUp();
  const readBoth = () => Promise.all([read(acme, ['a']), read(umbrella, ['a'])]);
  store(acme, { a: '1' });
  store(umbrella, { a: '2' });
  await endTurn();
  during(() => cache.invalidate({ tenantId: 'acme', action: 'customers', keys: ['other'] }));
  assert.equal(await readBoth(), [{}, { a: '2' }]);
  assert.equal(await readBoth(), [{ a: '1' }, { a: '2' }]);
  await redis.raiseFloor(umbrella.scope, clock.wall());
  assert.equal(await readBoth(), [{ a: '1' }, {}]);
});

test('what is stored in one turn is one write', async () => {
  const { calls, store, read } = setUp();
  store(acme, { a: '1' });
  store(umbrella, { a: '2', b: null });
  store(acme, { c: '3' });
  assert.equal(calls.writes, []);
  await endTurn();
  assert.equal(calls.writes, [
    [
      ['acme', 'a'],
      ['umbrella', 'a b'],
      ['acme', 'c'],
    ],
  ]);
  assert.equal(await read(acme, ['a', 'c']), { a: '1', c: '3' });
  assert.equal(await read(umbrella, ['a', 'b']), { a: '2', b: null });
  store(german, { a: '4' });
  store(acme, {});
  await endTurn();
  assert.equal(calls.writes.slice(1), [[['german', 'a']]]);
});

test('a key that is invalidated in the turn in which it was stored stays out of Redis', async () => {
  const { cache, calls, store, read } = setUp();
  store(acme, { a: 'old', b: '2' });
  cache.invalidate({ tenantId: 'acme', action: 'customers', keys: ['a'] });
  await endTurn();
  assert.is(calls.writes.length, 1);
  assert.equal(await read(acme, ['a', 'b']), { b: '2' });
});

test.run();
