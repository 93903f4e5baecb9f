import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createManualClock } from '../process/manual-clock.ts';
import { createCacheGroup } from './group.ts';
import { createMemoryTier } from './memory-tier.ts';
import { createCache } from './two-tier.ts';

const group = createCacheGroup({ tenantId: 'acme', action: 'customers', revision: 'r1' });
const policy = { ttlSeconds: 300, missingTtlSeconds: 30, staleIfErrorSeconds: 0 };

test('a batch that is asked over and over is read again as a whole, not row by row', async () => {
  const clock = createManualClock();
  let drawn = 0;
  const random = () => (drawn++ % 10) / 10;
  const cache = createCache({
    clock,
    memory: createMemoryTier(1_000_000),
    random,
    lookupsOf: () => [{ action: 'customers', group: undefined }],
  });
  const keys = Array.from({ length: 50 }, (_, place) => `key ${place}`);
  const reads: number[] = [];
  for (let seconds = 0; seconds < 1_000; seconds += 1) {
    const { entries } = cache.readMemory(group, keys);
    const absent = keys.filter((_, place) => entries[place] === undefined);
    const rows = absent.map((key) => [key, '{}'] as const);
    if (absent.length > 0) reads.push(absent.length);
    cache.store(group, cache.epoch(group), rows, policy);
    await clock.advance(1_000);
  }
  assert.equal([...new Set(reads)], [50]);
  assert.ok(reads.length <= 4);
});

test.run();
