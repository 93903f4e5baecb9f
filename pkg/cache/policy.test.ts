import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cacheLimits } from '../process/limits.ts';
import { entriesUnder } from './policy.ts';

const policy = { ttlSeconds: 300, missingTtlSeconds: 30, staleIfErrorSeconds: 600 };
const read = { readAt: 1_000_000, random: () => 0.5 };

const entryUnder = (of: typeof policy, text: string | null, by = read) => entriesUnder(of, by)(text);

test('a row is fresh for its TTL from the read on, and stale-if-error for as long after that', () => {
  const { readAt } = read;
  assert.equal(entryUnder(policy, '{}', read), {
    text: '{}',
    life: { readAt, freshUntil: 1_300_000, staleUntil: 1_900_000 },
  });
});

test('an absence has a TTL of its own and never answers past it', () => {
  const { readAt } = read;
  assert.equal(entryUnder(policy, null, read), {
    text: null,
    life: { readAt, freshUntil: 1_030_000, staleUntil: 1_030_000 },
  });
});

test('jitter moves a TTL by ten per cent either way at most', () => {
  const lifeAt = (random: number) =>
    (entryUnder(policy, '{}', { readAt: 0, random: () => random })?.life.freshUntil ?? 0) / 1_000;
  assert.is(lifeAt(0), 270);
  assert.ok(Math.abs(lifeAt(1 - Number.EPSILON) - 330) < 0.001);
});

test('what one read brought has one lifetime, its absences another, and the next read has its own', () => {
  let drawn = 0;
  const draw = () => (drawn++ % 10) / 10;
  const entryOf = entriesUnder(policy, { readAt: 0, random: draw });
  const lives = (of: typeof entryOf, text: string | null) =>
    new Set(Array.from({ length: 1_000 }, () => of(text)?.life));
  assert.is(lives(entryOf, '{}').size, 1);
  assert.is(lives(entryOf, null).size, 1);
  const next = entriesUnder(policy, { readAt: 0, random: draw });
  assert.is.not(next('{}')?.life.freshUntil, entryOf('{}')?.life.freshUntil);
});

test('a TTL of zero keeps nothing of its kind', () => {
  assert.is(entryUnder({ ...policy, ttlSeconds: 0 }, '{}', read), undefined);
  assert.ok(entryUnder({ ...policy, ttlSeconds: 0 }, null, read));
  assert.is(entryUnder({ ...policy, missingTtlSeconds: 0 }, null, read), undefined);
  assert.ok(entryUnder({ ...policy, missingTtlSeconds: 0 }, '{}', read));
});

test('no entry outlives the floors that void it', () => {
  const longest = { ttlSeconds: 86_400, missingTtlSeconds: 86_400, staleIfErrorSeconds: 86_400 };
  const entry = entryUnder(longest, '{}', { readAt: 0, random: () => 1 });
  assert.ok((entry?.life.staleUntil ?? Number.POSITIVE_INFINITY) < cacheLimits.entryLifeMsMax);
});

test.run();
