/**
 * The system's clock is set back, after it was ahead: rows answer no longer than their TTL, here and in other pods, and what is invalidated is void.
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
const ttlMs = 300_000;
const aheadMs = 3_600_000;
const policy = { ttlSeconds: ttlMs / 1_000, missingTtlSeconds: 30, staleIfErrorSeconds: 0 };
const group = createCacheGroup({ tenantId, action: 'customers', revision: 'r1' });

const open = () => {
  const redis = createRedisStandIn();
  const clock = createManualClock();
  const createPod = () => {
    let offsetMs = 0;
    const podClock = { ...clock, wall: () => clock.wall() + offsetMs };
    const cache = createCache({
      clock: podClock,
      memory: createMemoryTier(1_000_000),
      redis,
      random: () => 0.5,
      lookupsOf: () => [{ action: 'customers', group }],
    });
    return {
      cache,
      setClock: (ms: number) => {
        offsetMs = ms;
      },
      put: async (key: string, epoch = cache.epoch(group)) => {
        cache.store(group, epoch, [[key, '{}']], policy);
        await clock.advance(0);
      },
      isFresh: (key: string) =>
        (cache.readMemory(group, [key]).entries[0]?.life.freshUntil ?? 0) > podClock.wall() &&
        (cache.peekMemory(group, key)?.life.freshUntil ?? 0) > podClock.wall(),
      inRedis: async (key: string) => {
        const found = await cache.readRedis(group, [key], createDeadline(clock, 1_000));
        return (found.get(key)?.life.freshUntil ?? 0) > podClock.wall();
      },
    };
  };
  return { clock, createPod };
};

test('a row of before does not outlive its TTL, though nobody looks meanwhile', async () => {
  const { clock, createPod } = open();
  const pod = createPod();
  pod.setClock(aheadMs);
  await pod.put('a');
  assert.ok(pod.isFresh('a'));
  await clock.advance(ttlMs + aheadMs / 2);
  pod.setClock(0);
  assert.not(pod.isFresh('a'));
});

test('a row that is read afterwards lives as long as it may, and no longer', async () => {
  const { clock, createPod } = open();
  const [pod, other] = [createPod(), createPod()];
  pod.setClock(aheadMs);
  await pod.put('a');
  pod.setClock(0);
  await pod.put('b');
  assert.ok(pod.isFresh('b'));
  await clock.advance(ttlMs - 1);
  assert.equal([pod.isFresh('b'), await other.inRedis('b')], [true, true]);
  await clock.advance(1);
  assert.equal([pod.isFresh('b'), await other.inRedis('b'), other.isFresh('b')], [false, false, false]);
});

test('a row of before is not believed by those whose clock was right', async () => {
  const { createPod } = open();
  const [pod, other] = [createPod(), createPod()];
  pod.setClock(aheadMs);
  await pod.put('a');
  pod.setClock(0);
  assert.equal([await other.inRedis('a'), await pod.inRedis('a')], [false, false]);
});

test('what was read before an invalidation is void, however the clock was set in between', async () => {
  const { clock, createPod } = open();
  const [pod, other] = [createPod(), createPod()];
  pod.setClock(aheadMs);
  const before = pod.cache.epoch(group);
  pod.setClock(0);
  const since = pod.cache.epoch(group);
  pod.cache.invalidate({ tenantId, action: 'customers', keys: ['a'] });
  await clock.advance(1);
  for (const epoch of [before, since]) await pod.put('a', epoch);
  assert.equal([pod.isFresh('a'), await other.inRedis('a')], [false, false]);
  await pod.put('a');
  assert.ok(pod.isFresh('a'));
});

test('another pod removes a row that was read after the clock was set back', async () => {
  const { clock, createPod } = open();
  const [pod, other] = [createPod(), createPod()];
  pod.setClock(aheadMs);
  await pod.put('first');
  pod.setClock(0);
  await pod.put('a');
  await clock.advance(cacheLimits.clockSkewMs + 1);
  other.cache.invalidate({ tenantId, action: 'customers' });
  await clock.advance(1);
  assert.not(await createPod().inRedis('a'));
});

test('clocks are adjusted all the time: that is no reason to forget anything', async () => {
  const { createPod } = open();
  const pod = createPod();
  await pod.put('a');
  for (const ms of [-500, 300, -cacheLimits.clockSkewMs / 2, 5_000, 4_500]) {
    pod.setClock(ms);
    assert.ok(pod.isFresh('a'), `${ms}`);
  }
});

test.run();
