import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cacheLimits } from '../process/limits.ts';
import { createManualClock, type ManualClock } from '../process/manual-clock.ts';
import { createDeadline } from '../resilience/deadline.ts';
import type { CacheEntry } from './entry.ts';
import { createCacheGroup } from './group.ts';
import { createMemoryTier } from './memory-tier.ts';
import type { RedisTier } from './redis-tier.ts';
import { createRedisStandIn } from './redis-tier-stand-in.ts';
import type { CachedLookup } from './served-lookups.ts';
import { createCache } from './two-tier.ts';

const tenantId = 'acme';
const policy = { ttlSeconds: 300, missingTtlSeconds: 30, staleIfErrorSeconds: 60 };
const group = createCacheGroup({ tenantId, action: 'customers', revision: 'r1' });
const german = createCacheGroup({ tenantId, action: 'products', revision: 'r1', parameters: '["de"]' });
const lookups: readonly CachedLookup[] = [
  { action: 'customers', group },
  { action: 'products', group: undefined },
];

/** One handler: a cache of its own, its clock `aheadMs` of the others', its Redis shared where one is given. */
const createPod = (redis?: RedisTier, { clock = createManualClock(), aheadMs = 0, bytes = 1_000_000 } = {}) => {
  const results: string[] = [];
  const podClock: ManualClock = { ...clock, wall: () => clock.wall() + aheadMs };
  const cache = createCache({
    clock: podClock,
    memory: createMemoryTier(bytes),
    redis,
    random: () => 0.5,
    lookupsOf: (tenant) => (tenant === tenantId ? lookups : lookups.map((each) => ({ ...each, group: undefined }))),
    hooks: { onResult: (tier, result, keys) => void results.push(`${tier} ${result} ${keys}`) },
  });
  const textsOf = (entries: ReadonlyMap<string, CacheEntry>) =>
    Object.fromEntries([...entries].map(([key, { text }]) => [key, text]));
  return {
    cache,
    clock: podClock,
    results: () => results.splice(0),
    put: async (rows: Readonly<Record<string, string | null>>, of = group) => {
      cache.store(of, cache.epoch(of), Object.entries(rows), policy);
      await clock.advance(0);
    },
    inMemory: (key: string, of = group) => cache.readMemory(of, [key]).entries[0]?.text,
    inRedis: async (keys: readonly string[], of = group) =>
      textsOf(await cache.readRedis(of, keys, createDeadline(podClock, 1_000))),
  };
};

/** Holds back every answer of a read until released: whatever Redis had when it was asked. */
const slowReads = (redis: RedisTier) => {
  const gate = Promise.withResolvers<void>();
  const slow: RedisTier = {
    ...redis,
    read: async (...request) => {
      const answer = await redis.read(...request);
      await gate.promise;
      return answer;
    },
  };
  return { slow, release: () => gate.resolve() };
};

/** A read begins when everything that has arrived was read. */
const endTurn = () => new Promise<void>((resolve) => void setImmediate(resolve));

const secondPod = (redis: RedisTier, first: { readonly clock: ManualClock }) =>
  createPod(redis, { clock: first.clock });

test('what was stored answers from memory at once, absences too', async () => {
  const { cache, put, inMemory, results } = createPod();
  cache.store(group, cache.epoch(group), [['a', '{}']], policy);
  assert.is(inMemory('a'), '{}');
  await put({ b: null });
  assert.is(inMemory('b'), null);
  assert.is(inMemory('c'), undefined);
  assert.is(inMemory('a', german), undefined);
  assert.equal(results(), ['memory hit 1', 'memory hit 1', 'memory miss 1', 'memory miss 1']);
  assert.ok(cache.memoryBytes() > 0);
});

test('a row past its TTL is stale, and gone after staleIfErrorSeconds', async () => {
  const { cache, clock, put, inMemory, results } = createPod();
  await put({ a: '{}', b: null });
  await clock.advance(299_999);
  assert.is(inMemory('a'), '{}');
  await clock.advance(1);
  assert.ok((cache.readMemory(group, ['a']).entries[0]?.life.freshUntil ?? 0) <= clock.wall());
  assert.is(inMemory('b'), undefined);
  await clock.advance(60_000);
  assert.is(inMemory('a'), undefined);
  assert.equal(results(), ['memory hit 1', 'memory stale 1', 'memory miss 1', 'memory miss 1']);
});

test('another pod finds it in Redis, and from then on in its memory, for no longer than the first', async () => {
  const redis = createRedisStandIn();
  const first = createPod(redis);
  const second = secondPod(redis, first);
  await first.put({ a: '{}', b: null });
  assert.is(second.inMemory('a'), undefined);
  await first.clock.advance(100_000);
  assert.equal(await second.inRedis(['a', 'b', 'c']), { a: '{}' }, 'the absence has had its time');
  assert.is(second.inMemory('a'), '{}');
  await first.clock.advance(200_000);
  assert.equal(await second.inRedis(['a']), { a: '{}' });
  await first.clock.advance(60_000);
  assert.is(second.inMemory('a'), undefined);
  assert.equal(second.results(), [
    'memory miss 1',
    'redis hit 1',
    'redis miss 2',
    'memory hit 1',
    'redis stale 1',
    'memory miss 1',
  ]);
});

for (const outcome of ['error', 'skipped'] as const) {
  test(`without Redis (${outcome}) every key is a miss there, and memory goes on`, async () => {
    const redis = createRedisStandIn();
    const { put, inMemory, inRedis, results } = createPod(redis);
    redis.outcome = outcome;
    await put({ a: '{}' });
    assert.equal(await inRedis(['a', 'b']), {});
    assert.is(inMemory('a'), '{}');
    assert.equal(results(), [`redis ${outcome} 2`, 'memory hit 1']);
  });
}

test('a read of Redis ends at the deadline with nothing, and its late answer is still kept', async () => {
  const redis = createRedisStandIn();
  const first = createPod(redis);
  await first.put({ a: '{}' });
  const { slow, release } = slowReads(redis);
  const second = secondPod(slow, first);
  const reading = second.cache.readRedis(group, ['a'], createDeadline(second.clock, 50));
  await endTurn();
  await first.clock.advance(50);
  assert.is((await reading).size, 0);
  release();
  await first.clock.advance(0);
  assert.is(second.inMemory('a'), '{}');
});

test('an invalidated key is gone in both tiers, other keys stay', async () => {
  const redis = createRedisStandIn();
  const { cache, clock, put, inMemory, inRedis } = createPod(redis);
  await put({ a: '1', b: '2' });
  cache.invalidate({ tenantId, action: 'customers', keys: ['a', 'unknown'] });
  assert.is(inMemory('a'), undefined);
  assert.is(inMemory('b'), '2');
  await clock.advance(0);
  assert.equal(await inRedis(['a', 'b']), { b: '2' });
  await put({ a: 'new' });
  assert.is(inMemory('a'), 'new');
});

test('no key is invalidated by an empty list of keys', async () => {
  const { cache, put, inMemory } = createPod();
  await put({ a: '1' });
  const epoch = cache.epoch(group);
  cache.invalidate({ tenantId, keys: [] });
  assert.is(inMemory('a'), '1');
  cache.store(group, epoch, [['b', '2']], policy);
  assert.is(inMemory('b'), '2');
});

for (const [title, change] of [
  ['of every key', { tenantId, action: 'products' }],
  ['of one key of a lookup with other parameters', { tenantId, action: 'products', keys: ['a'] }],
  ['of every lookup', { tenantId }],
  ['of one key of every lookup', { tenantId, keys: ['a'] }],
] as const) {
  test(`an invalidation ${title} voids what was read before it, in memory and in Redis, for every pod`, async () => {
    const redis = createRedisStandIn();
    const first = createPod(redis);
    await first.put({ a: '1' }, german);
    first.cache.invalidate(change);
    assert.is(first.inMemory('a', german), undefined);
    await first.clock.advance(0);
    assert.equal(await secondPod(redis, first).inRedis(['a'], german), {});
    assert.equal(await first.inRedis(['a'], german), {});
    await first.put({ a: '2' }, german);
    assert.is(first.inMemory('a', german), '2');
  });
}

test('an invalidation of one lookup leaves the others, and other tenants', async () => {
  const { cache, put, inMemory } = createPod();
  const other = createCacheGroup({ tenantId: 'other', action: 'products', revision: 'r1' });
  await put({ a: '1' });
  await put({ a: '2' }, other);
  cache.invalidate({ tenantId, action: 'products' });
  assert.is(inMemory('a'), '1');
  assert.is(inMemory('a', other), '2');
});

test('a lookup that is not known here is voided all the same', async () => {
  const { cache, inMemory } = createPod();
  const gone = createCacheGroup({ tenantId, action: 'gone', revision: 'r1' });
  // As read while it was there.
  cache.store(gone, cache.epoch(group), [['a', '1']], policy);
  assert.is(inMemory('a', gone), '1');
  cache.invalidate({ tenantId, action: 'gone', keys: ['a'] });
  assert.is(inMemory('a', gone), undefined);
});

test('more keys than an invalidation may name void the whole lookup', async () => {
  const { cache, put, inMemory } = createPod();
  await put({ a: '1' });
  const keys = Array.from({ length: cacheLimits.invalidatedKeysMax + 1 }, (_, n) => `k${n}`);
  cache.invalidate({ tenantId, action: 'customers', keys: keys.slice(1) });
  assert.is(inMemory('a'), '1');
  cache.invalidate({ tenantId, action: 'customers', keys });
  assert.is(inMemory('a'), undefined);
});

for (const change of [{ tenantId, action: 'customers', keys: ['b'] }, { tenantId, action: 'customers' }, undefined]) {
  const name = change === undefined ? 'forgetAll' : JSON.stringify(change);
  test(`a database read that began before ${name} stores nothing, one that began after it does`, async () => {
    const redis = createRedisStandIn();
    const { cache, clock, inMemory, inRedis } = createPod(redis);
    const before = cache.epoch(group);
    if (change === undefined) cache.forgetAll();
    else cache.invalidate(change);
    cache.store(group, before, [['a', 'old']], policy);
    assert.is(inMemory('a'), undefined);
    await clock.advance(0);
    assert.equal(await inRedis(['a']), {});
    cache.store(group, cache.epoch(group), [['a', 'new']], policy);
    assert.is(inMemory('a'), 'new');
  });

  test(`a read of Redis that began before ${name} brings nothing back`, async () => {
    const redis = createRedisStandIn();
    const first = createPod(redis);
    await first.put({ a: 'old', b: 'old' });
    const { slow, release } = slowReads(redis);
    const { cache, clock, inMemory } = createPod(slow, { clock: first.clock });
    const reading = cache.readRedis(group, ['a', 'b'], createDeadline(clock, 1_000));
    await endTurn();
    if (change === undefined) cache.forgetAll();
    else cache.invalidate(change);
    release();
    await clock.advance(0);
    assert.is((await reading).size, 0);
    assert.is(inMemory('b'), undefined);
  });
}

test('a slower read does not replace the row of a later one', () => {
  const { cache, inMemory } = createPod();
  const [earlier, later] = [cache.epoch(group), cache.epoch(group)];
  cache.store(group, later, [['a', 'new']], policy);
  cache.store(group, earlier, [['a', 'old']], policy);
  assert.is(inMemory('a'), 'new');
});

for (const aheadMs of [cacheLimits.clockSkewMs, 0, -cacheLimits.clockSkewMs]) {
  for (const keys of [['a'], undefined]) {
    test(`a row read before an invalidation ${keys ? 'of its key' : 'of all'} stays out though its pod's clock is ${aheadMs} ms ahead`, async () => {
      const redis = createRedisStandIn();
      const honest = createPod(redis);
      const skewed = createPod(redis, { clock: honest.clock, aheadMs });
      const before = skewed.cache.epoch(group);
      await honest.clock.advance(5);
      // The skewed pod has not heard of it yet, and stores the row of before.
      honest.cache.invalidate({ tenantId, action: 'customers', keys });
      await honest.clock.advance(5);
      skewed.cache.store(group, before, [['a', 'old']], policy);
      await honest.clock.advance(5);
      assert.equal(await honest.inRedis(['a']), {});
      assert.equal(await createPod(redis, { clock: honest.clock }).inRedis(['a']), {});
    });

    test(`a row found in Redis and then invalidated ${keys ? 'by key' : 'with all'} is gone though its pod's clock was ${aheadMs} ms ahead`, async () => {
      const redis = createRedisStandIn();
      const honest = createPod(redis);
      await createPod(redis, { clock: honest.clock, aheadMs }).put({ a: 'old' });
      assert.equal(await honest.inRedis(['a']), { a: 'old' });
      honest.cache.invalidate({ tenantId, action: 'customers', keys });
      assert.is(honest.inMemory('a'), undefined);
    });
  }
}

test('a removal that Redis missed voids its old rows when it is back, for every pod, and leaves memory alone', async () => {
  const redis = createRedisStandIn();
  const first = createPod(redis);
  await first.put({ a: 'old', b: '2' });
  redis.outcome = 'error';
  first.cache.invalidate({ tenantId, action: 'customers', keys: ['a'] });
  await first.clock.advance(0);
  assert.is(first.inMemory('b'), '2');
  redis.outcome = 'answered';
  assert.equal(await first.inRedis(['a']), {});
  await first.clock.advance(0);
  assert.equal(await secondPod(redis, first).inRedis(['a']), {});
});

test('a floor that Redis missed or evicted is raised again by the next read', async () => {
  const redis = createRedisStandIn();
  const first = createPod(redis);
  await first.put({ a: 'old' });
  redis.outcome = 'skipped';
  first.cache.invalidate({ tenantId });
  await first.clock.advance(0);
  redis.outcome = 'answered';
  for (const lose of [() => undefined, redis.evictFloors]) {
    lose();
    assert.equal(await first.inRedis(['a']), {});
    await first.clock.advance(0);
    assert.equal(await secondPod(redis, first).inRedis(['a']), {});
  }
});

test('a read of Redis that overtakes the removal leaves nothing in memory', async () => {
  const redis = createRedisStandIn();
  const gate = Promise.withResolvers<void>();
  const first = createPod({
    ...redis,
    remove: async (...request) => {
      await gate.promise;
      return redis.remove(...request);
    },
  });
  await first.put({ a: 'old' });
  first.cache.invalidate({ tenantId, action: 'customers', keys: ['a'] });
  await first.inRedis(['a']);
  gate.resolve();
  await first.clock.advance(0);
  assert.is(first.inMemory('a'), undefined);
  assert.equal(await first.inRedis(['a']), {});
});

test('forgetAll empties memory and voids what Redis held, and what comes later stays', async () => {
  const redis = createRedisStandIn();
  const { cache, clock, put, inMemory, inRedis } = createPod(redis);
  await put({ a: 'old' });
  cache.forgetAll();
  assert.is(cache.memoryBytes(), 0);
  assert.equal(await inRedis(['a']), {});
  await clock.advance(cacheLimits.clockSkewMs + 2);
  await put({ a: 'new' });
  assert.is(inMemory('a'), 'new');
  assert.equal(await inRedis(['a']), { a: 'new' });
});

test('of what was missed, Redis still answers what was read since others have listened, and no floor is raised there', async () => {
  const redis = createRedisStandIn();
  const { cache, clock, put, inMemory, inRedis } = createPod(redis);
  await put({ a: 'before others listened' });
  await clock.advance(10_000);
  await put({ b: 'since' });
  await clock.advance(4_000);
  const underWay = cache.epoch(group);
  cache.missed(9_000);
  assert.equal([inMemory('a'), inMemory('b')], [undefined, undefined]);
  assert.equal(await inRedis(['a', 'b']), { b: 'since' });
  assert.equal(await secondPod(redis, { clock }).inRedis(['a', 'b']), { a: 'before others listened', b: 'since' });
  cache.store(group, underWay, [['c', 'read before']], policy);
  assert.is(inMemory('c'), undefined, 'what is being read may have been missed, too');
});

test('a TTL of zero stores nothing', () => {
  const { cache, inMemory } = createPod();
  const rows = [
    ['a', '{}'],
    ['b', null],
  ] as const;
  cache.store(group, cache.epoch(group), rows, { ttlSeconds: 0, missingTtlSeconds: 0, staleIfErrorSeconds: 0 });
  assert.is(inMemory('a'), undefined);
  assert.is(inMemory('b'), undefined);
});

test('without a second tier nothing is asked, counted or waited for', async () => {
  const { cache, clock, results, inRedis } = createPod();
  assert.equal(await inRedis(['a']), {});
  assert.equal(results(), []);
  assert.is(clock.pending(), 0);
  assert.is((await cache.readRedis(group, [], createDeadline(clock, 0))).size, 0);
});

test.run();
