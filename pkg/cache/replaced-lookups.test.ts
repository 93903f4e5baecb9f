import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createManualClock } from '../process/manual-clock.ts';
import { createDeadline } from '../resilience/deadline.ts';
import { createCacheGroup } from './group.ts';
import { createMemoryTier } from './memory-tier.ts';
import { createRedisStandIn } from './redis-tier-stand-in.ts';
import { replacedLookups } from './replaced-lookups.ts';
import type { CachedLookup } from './served-lookups.ts';
import { createCache } from './two-tier.ts';

const lookup = (action: string, revision: string): CachedLookup => ({
  action,
  group: createCacheGroup({ tenantId: 'acme', action, revision }),
});
const manyGroups: CachedLookup = { action: 'find', group: undefined };

test('an action of another revision, and one that went, are replaced', () => {
  const before = [lookup('same', '1'), lookup('changed', '1'), lookup('gone', '1')];
  assert.equal(replacedLookups(before, [lookup('changed', '2'), lookup('same', '1')]), ['changed', 'gone']);
});

test('an action whose other parameters come, or go, is replaced', () => {
  assert.equal(replacedLookups([lookup('find', '1')], [manyGroups]), ['find']);
  assert.equal(replacedLookups([manyGroups], [lookup('find', '2')]), ['find']);
});

test('one with other parameters is replaced when it goes; while it stays, every invalidation voids all of it', () => {
  assert.equal(replacedLookups([manyGroups], []), ['find']);
  assert.equal(replacedLookups([manyGroups], [manyGroups]), []);
});

const policy = { ttlSeconds: 300, missingTtlSeconds: 30, staleIfErrorSeconds: 60 };
const before = { tenantId: 'acme', action: 'find', revision: '1', parameters: '["de"]' };
for (const [title, between] of [
  ['is gone', []],
  ['has no other parameters', [lookup('find', '2')]],
] as const) {
  test(`what changes while an action ${title} is not answered by what was cached before`, () => {
    const clock = createManualClock();
    let live: readonly CachedLookup[] = [manyGroups];
    const memory = createMemoryTier(1_000_000);
    const cache = createCache({ clock, memory, random: () => 0.5, lookupsOf: () => live });
    const serve = (after: readonly CachedLookup[]) => {
      for (const action of replacedLookups(live, after)) cache.invalidate({ tenantId: 'acme', action });
      live = after;
    };
    const group = createCacheGroup(before);
    cache.store(group, cache.epoch(group), [['k', 'old']], policy);
    assert.is(cache.peekMemory(group, 'k')?.text, 'old');
    serve(between);
    cache.invalidate({ tenantId: 'acme', keys: ['k'] });
    serve([manyGroups]);
    assert.is(cache.peekMemory(group, 'k'), undefined);
  });
}

test('what a request reads that is still under way when its action goes is not answered once the action is back', async () => {
  const clock = createManualClock();
  let live: readonly CachedLookup[] = [manyGroups];
  const [memory, redis] = [createMemoryTier(1_000_000), createRedisStandIn()];
  const podOf = (lookupsOf: () => readonly CachedLookup[]) =>
    createCache({ clock, memory, redis, random: () => 0.5, lookupsOf });
  const cache = podOf(() => live);
  const group = createCacheGroup(before);
  live = [];
  for (const action of replacedLookups([manyGroups], live)) cache.invalidate({ tenantId: 'acme', action });
  const epoch = cache.epoch(group);
  await clock.advance(1);
  cache.invalidate({ tenantId: 'acme', keys: ['k'] });
  cache.store(group, epoch, [['k', 'old']], policy);
  live = [manyGroups];
  assert.is(cache.peekMemory(group, 'k'), undefined);
  await clock.advance(1);
  const deadline = createDeadline(clock, 1_000);
  assert.is((await cache.readRedis(group, ['k'], deadline)).size, 0);
});

test('a new tenant replaces nothing', () => assert.equal(replacedLookups([], [lookup('find', '1')]), []));

test.run();
