import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cacheLimits } from '../process/limits.ts';
import { entryUnder } from './policy.ts';

const policy = { ttlSeconds: 300, missingTtlSeconds: 30, staleIfErrorSeconds: 600 };
const read = { readAt: 1_000_000, random: () => 0.5 };

test('a row is fresh for its TTL from the read on, and stale-if-error for as long after that', () => {
  const { readAt } = read;
  assert.equal(entryUnder(policy, '{}', read), { text: '{}', readAt, freshUntil: 1_300_000, staleUntil: 1_900_000 });
});

test('an absence has a TTL of its own and never answers past it', () => {
  const { readAt } = read;
  assert.equal(entryUnder(policy, null, read), { text: null, readAt, freshUntil: 1_030_000, staleUntil: 1_030_000 });
});

test('jitter moves a TTL by ten per cent either way at most', () => {
  const lifeAt = (random: number) =>
    (entryUnder(policy, '{}', { readAt: 0, random: () => random })?.freshUntil ?? 0) / 1_000;
  assert.is(lifeAt(0), 270);
  assert.ok(Math.abs(lifeAt(1 - Number.EPSILON) - 330) < 0.001);
});

test('a TTL of zero keeps nothing of its kind', () => {
  assert.is(entryUnder({ ...policy, ttlSeconds: 0 }, '{}', read), undefined);
  assert.ok(entryUnder({ ...policy, ttlSeconds: 0 }, null, read));
  assert.is(entryUnder({ ...policy, missingTtlSeconds: 0 }, null, read), undefined);
  assert.ok(entryUnder({ ...policy, missingTtlSeconds: 0 }, '{}', read));
});

test('a row one character over the bound is not kept', () => {
  assert.ok(entryUnder(policy, 'x'.repeat(cacheLimits.rowCharactersMax), read));
  assert.is(entryUnder(policy, 'x'.repeat(cacheLimits.rowCharactersMax + 1), read), undefined);
});

test('no entry outlives the floors that void it', () => {
  const longest = { ttlSeconds: 86_400, missingTtlSeconds: 86_400, staleIfErrorSeconds: 86_400 };
  const entry = entryUnder(longest, '{}', { readAt: 0, random: () => 1 });
  assert.ok((entry?.staleUntil ?? Number.POSITIVE_INFINITY) < cacheLimits.entryLifeMsMax);
});

test.run();
