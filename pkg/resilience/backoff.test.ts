import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createBackoff } from './backoff.ts';

const take = (count: number, next: () => number): number[] => Array.from({ length: count }, next);

test('the ceiling doubles up to the maximum and stays there', () => {
  const backoff = createBackoff({ minMs: 100, maxMs: 1_000, random: () => 1 });
  assert.equal(take(6, backoff.nextMs), [200, 400, 800, 1_000, 1_000, 1_000]);
});

test('jitter is full: from the minimum, whatever the ceiling', () => {
  const backoff = createBackoff({ minMs: 100, maxMs: 1_000, random: () => 0 });
  assert.equal(take(6, backoff.nextMs), [100, 100, 100, 100, 100, 100]);
});

test('the first wait is jittered too', () => {
  assert.is(createBackoff({ minMs: 100, maxMs: 1_000, random: () => 0.5 }).nextMs(), 150);
});

test('reset starts over', () => {
  const backoff = createBackoff({ minMs: 100, maxMs: 1_000, random: () => 1 });
  take(5, backoff.nextMs);
  backoff.reset();
  assert.is(backoff.nextMs(), 200);
});

test.run();
