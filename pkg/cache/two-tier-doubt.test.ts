/**
 * When Redis may have what is void: what is believed of it here, and that others are told not to believe it for this handler's sake.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cacheLimits } from '../process/limits.ts';
import { createManualClock } from '../process/manual-clock.ts';
import { createDeadline } from '../resilience/deadline.ts';
import { createCacheGroup } from './group.ts';
import { createMemoryTier } from './memory-tier.ts';
import { createRedisStandIn } from './redis-tier-stand-in.ts';
import { createCache } from './two-tier.ts';

const tenantId = 'acme';
const policy = { ttlSeconds: 300, missingTtlSeconds: 30, staleIfErrorSeconds: 0 };
const group = createCacheGroup({ tenantId, action: 'customers', revision: 'r1' });

const open = (redis: ReturnType<typeof createRedisStandIn> | undefined = createRedisStandIn()) => {
  const clock = createManualClock();
  let doubts = 0;
  const cache = createCache({
    clock,
    memory: createMemoryTier(1_000_000),
    redis,
    random: () => 0.5,
    lookupsOf: () => [{ action: 'customers', group }],
    hooks: {
      onRedisDoubted: () => {
        doubts += 1;
      },
    },
  });
  return {
    ...{ cache, clock, redis },
    doubts: () => doubts,
    put: async (key: string) => {
      cache.store(group, cache.epoch(group), [[key, '{}']], policy);
      await clock.advance(0);
    },
    inRedis: async (...keys: readonly string[]) => [
      ...(await cache.readRedis(group, keys, createDeadline(clock, 1_000))).keys(),
    ],
  };
};

for (const outcome of ['error', 'skipped'] as const) {
  for (const keys of [['a'], undefined]) {
    test(`Redis is doubted where a removal ${keys ? 'of a key' : 'of all keys'} did not get through (${outcome})`, async () => {
      const redis = createRedisStandIn();
      const { cache, clock, doubts } = open(redis);
      cache.invalidate({ tenantId, action: 'customers', keys });
      await clock.advance(0);
      assert.is(doubts(), 0);
      redis.outcome = outcome;
      cache.invalidate({ tenantId, action: 'customers', keys });
      await clock.advance(0);
      assert.is(doubts(), 1);
    });
  }
}

test('Redis is doubted where everything is forgotten, as that is not told to it', async () => {
  const { cache, doubts } = open();
  cache.forgetAll();
  assert.is(doubts(), 1);
});

test('what Redis may have brought back is not believed, nor anything that was read before', async () => {
  const { cache, clock, put, inRedis, doubts } = open();
  await put('before');
  cache.redisReturned(Promise.resolve(false));
  assert.equal(await inRedis('before'), []);
  assert.is(doubts(), 1);
  assert.is(cache.readMemory(group, ['before']).entries[0]?.text, '{}', 'memory is as it was');
  await clock.advance(cacheLimits.clockSkewMs + 1);
  await put('since');
  assert.equal(await inRedis('before', 'since'), ['since']);
});

test('a Redis that has lost nothing is believed as before, but not until that is known', async () => {
  const { cache, clock, put, inRedis, doubts } = open();
  await put('before');
  const { promise: isSame, resolve } = Promise.withResolvers<boolean>();
  cache.redisReturned(isSame);
  assert.equal(await inRedis('before'), []);
  resolve(true);
  await clock.advance(0);
  assert.equal(await inRedis('before'), ['before']);
  assert.is(doubts(), 0);
});

test('that it was the same once says nothing of a later return', async () => {
  const { cache, clock, put, inRedis } = open();
  await put('before');
  const { promise: wasSame, resolve } = Promise.withResolvers<boolean>();
  cache.redisReturned(wasSame);
  cache.redisReturned(Promise.resolve(false));
  resolve(true);
  await clock.advance(0);
  assert.equal(await inRedis('before'), []);
});

test.run();
