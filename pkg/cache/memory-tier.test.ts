import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cacheLimits } from '../process/limits.ts';
import type { CacheEntry } from './entry.ts';
import { createMemoryTier } from './memory-tier.ts';

const entry = (text: string | null, staleUntil = 100): CacheEntry => ({ text, readAt: 1, freshUntil: 50, staleUntil });
/** Of a one-character key with a text of `characters`. */
const cost = (characters: number): number => cacheLimits.entryOverheadBytes + 2 * (1 + characters);

test('gives an entry until its staleUntil, and frees its bytes then', () => {
  const memory = createMemoryTier(10_000);
  const kept = entry('{}');
  memory.set('a', kept);
  assert.is(memory.get('a', 99), kept);
  assert.is(memory.bytes(), cost(2));
  assert.is(memory.get('a', 100), undefined);
  assert.is(memory.bytes(), 0);
});

test('counts two bytes for each character of key and text, and the overhead', () => {
  const memory = createMemoryTier(10_000);
  memory.set('a', entry('x'.repeat(100)));
  memory.set('b', entry(null));
  assert.is(memory.bytes(), cost(100) + cost(0));
  memory.set('a', entry('xy'));
  assert.is(memory.bytes(), cost(2) + cost(0));
  memory.delete('a');
  memory.clear();
  assert.is(memory.bytes(), 0);
});

test('drops what was used longest ago when the next byte would be over the bound', () => {
  const memory = createMemoryTier(3 * cost(10));
  for (const key of ['a', 'b', 'c']) memory.set(key, entry('x'.repeat(10)));
  assert.ok(memory.get('a', 1), 'exactly full drops nothing');
  memory.set('d', entry(null));
  assert.is(memory.get('b', 1), undefined);
  for (const key of ['a', 'c', 'd']) assert.ok(memory.get(key, 1), key);
});

test('never holds more than its bound, whatever is put in', () => {
  const bytesMax = 5_000;
  const memory = createMemoryTier(bytesMax);
  for (let n = 0; n < 2_000; n++) {
    memory.set(`k${n % 300}`, entry('x'.repeat((n * 37) % 900)));
    assert.ok(memory.bytes() <= bytesMax);
  }
});

test('does not empty itself for an entry larger than all of it', () => {
  const memory = createMemoryTier(1_000);
  memory.set('a', entry('x'));
  memory.set('b', entry('x'.repeat(1_000)));
  assert.ok(memory.get('a', 1));
  assert.is(memory.get('b', 1), undefined);
});

test('keeps nothing with a bound of zero', () => {
  const memory = createMemoryTier(0);
  memory.set('a', entry(null));
  assert.is(memory.get('a', 1), undefined);
  assert.is(memory.bytes(), 0);
});

test.run();
