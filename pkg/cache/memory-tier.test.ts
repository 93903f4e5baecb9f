import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cacheLimits } from '../process/limits.ts';
import type { CacheEntry } from './entry.ts';
import { createCacheGroup } from './group.ts';
import { createMemoryTier } from './memory-tier.ts';

const group = createCacheGroup({ tenantId: 'acme', action: 'get', revision: 'r' });
const other = createCacheGroup({ tenantId: 'acme', action: 'get', revision: 's' });

const entry = (text: string | null, readAt = 1): CacheEntry => ({
  text,
  life: { readAt, freshUntil: 50, staleUntil: 100 },
});
/** Of a one-character key with a text of `characters`. */
const cost = (characters: number): number => cacheLimits.entryOverheadBytes + 2 * (1 + characters);
const groupCost = cacheLimits.groupOverheadBytes + 2 * group.prefix.length;

test('gives an entry until its staleUntil, and frees its bytes then', () => {
  const memory = createMemoryTier(10_000);
  const kept = entry('{}');
  memory.set(group, 'a', kept);
  assert.is(memory.get(group, 'a', 99), kept);
  assert.is(memory.bytes(), groupCost + cost(2));
  assert.is(memory.get(group, 'a', 100), undefined);
  assert.is(memory.bytes(), 0);
});

test('counts two bytes for each character of key and text, and the overhead', () => {
  const memory = createMemoryTier(10_000);
  memory.set(group, 'a', entry('x'.repeat(100)));
  memory.set(group, 'b', entry(null));
  assert.is(memory.bytes(), groupCost + cost(100) + cost(0));
  memory.set(group, 'a', entry('xy'));
  assert.is(memory.bytes(), groupCost + cost(2) + cost(0));
  memory.delete(group, 'a');
  memory.clear();
  assert.is(memory.bytes(), 0);
});

test('drops what was used longest ago when the next byte would be over the bound', () => {
  const memory = createMemoryTier(groupCost + 3 * cost(10));
  for (const key of ['a', 'b', 'c']) memory.set(group, key, entry('x'.repeat(10)));
  assert.ok(memory.get(group, 'a', 1), 'exactly full drops nothing');
  memory.set(group, 'd', entry(null));
  assert.is(memory.get(group, 'b', 1), undefined);
  for (const key of ['a', 'c', 'd']) assert.ok(memory.get(group, key, 1), key);
});

test('never holds more than its bound, whatever is put in', () => {
  const bytesMax = 5_000;
  const memory = createMemoryTier(bytesMax);
  for (let n = 0; n < 2_000; n++) {
    memory.set(group, `k${n % 300}`, entry('x'.repeat((n * 37) % 900)));
    assert.ok(memory.bytes() <= bytesMax);
  }
});

test('does not empty itself for an entry larger than all of it', () => {
  const memory = createMemoryTier(groupCost + 1_000);
  memory.set(group, 'a', entry('x'));
  memory.set(group, 'b', entry('x'.repeat(1_000)));
  assert.ok(memory.get(group, 'a', 1));
  assert.is(memory.get(group, 'b', 1), undefined);
});

test('keeps nothing with a bound of zero', () => {
  const memory = createMemoryTier(0);
  memory.set(group, 'a', entry(null));
  assert.is(memory.get(group, 'a', 1), undefined);
  assert.is(memory.bytes(), 0);
});

test('a group counts for as long as it has an entry, and is not worth emptying the tier for', () => {
  const memory = createMemoryTier(2 * groupCost + 3 * cost(0));
  for (const each of [group, other]) memory.set(each, 'a', entry(null));
  assert.is(memory.bytes(), 2 * (groupCost + cost(0)));
  memory.delete(group, 'a');
  assert.is(memory.bytes(), groupCost + cost(0));
  memory.set(group, 'b', entry('x'.repeat(groupCost + cost(0))));
  assert.ok(memory.get(other, 'a', 1));
  assert.is(memory.get(group, 'b', 1), undefined);
});

test('an entry larger than the bound with its group empties nothing, though its group is there', () => {
  const memory = createMemoryTier(groupCost + 2 * cost(0));
  for (const key of ['a', 'b']) memory.set(group, key, entry(null));
  memory.set(group, 'c', entry('x'.repeat(cost(0) / 2 + 1)));
  assert.is(memory.get(group, 'c', 1), undefined);
  for (const key of ['a', 'b']) assert.ok(memory.get(group, key, 1), key);
});

test('of keys that all hash alike keeps as many as a look may pass, and counts no more', () => {
  const memory = createMemoryTier(2 ** 20, () => 7);
  const keys = Array.from({ length: cacheLimits.slotDistanceMax + 2 }, (_, n) => String.fromCharCode(0x100 + n));
  for (const key of keys) memory.set(group, key, entry(null));
  const full = groupCost + (cacheLimits.slotDistanceMax + 1) * cost(0);
  assert.is(memory.bytes(), full);
  assert.equal(
    keys.filter((key) => memory.get(group, key, 1) === undefined),
    keys.slice(-1),
  );
  memory.set(other, 'a', entry(null));
  assert.is(memory.bytes(), full, 'a group that got no entry does not count');
  memory.delete(group, keys[3] ?? '');
  memory.set(other, 'a', entry('1'));
  assert.is(memory.get(other, 'a', 1)?.text, '1');
});

test('an entry of a slower read does not replace one that was read later, and one of the same moment does', () => {
  const memory = createMemoryTier(10_000);
  memory.set(group, 'a', entry('new', 2));
  memory.set(group, 'a', entry('old', 1));
  assert.is(memory.get(group, 'a', 1)?.text, 'new');
  memory.set(group, 'a', entry('same', 2));
  assert.is(memory.get(group, 'a', 1)?.text, 'same');
  assert.is(memory.bytes(), groupCost + cost(4));
});

test('a key of one group is no key of another', () => {
  const memory = createMemoryTier(10_000);
  memory.set(group, 'a', entry('1'));
  memory.set(other, 'a', entry('2'));
  memory.delete(group, 'a');
  assert.is(memory.get(group, 'a', 1), undefined);
  assert.is(memory.get(other, 'a', 1)?.text, '2');
});

test('looks for each different key once, in their order, whether it is there, past its time or unknown', () => {
  const memory = createMemoryTier(10_000);
  const [first, second] = [entry('1'), entry('2')];
  memory.set(group, 'a', first);
  memory.set(group, 'b', second);
  memory.set(group, 'past', { text: '3', life: { readAt: 1, freshUntil: 1, staleUntil: 1 } });
  assert.equal(memory.getEach(group, ['b', 'past', 'none', 'a', 'b', 'none', 'past', 'a'], 1), {
    keys: ['b', 'past', 'none', 'a'],
    entries: [second, undefined, undefined, first],
  });
  assert.equal(memory.getEach(group, ['a', 'past'], 1), { keys: ['a', 'past'], entries: [first, undefined] });
  assert.equal(memory.getEach(other, ['a', 'a'], 1), { keys: ['a'], entries: [undefined] });
  assert.is(memory.bytes(), groupCost + 2 * cost(1));
});

interface Step {
  readonly what: 'get' | 'getEach' | 'set' | 'delete' | 'clear';
  readonly of: 0 | 1;
  readonly key: string;
  /** For `getEach`. */
  readonly keys: readonly string[];
  readonly characters: number;
  readonly readAt: number;
  readonly now: number;
}

const keyInPlay = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');

const step: fc.Arbitrary<Step> = fc.record({
  what: fc.constantFrom('get', 'set', 'set', 'set', 'delete', 'get', 'getEach', 'getEach', 'clear'),
  of: fc.constantFrom(0, 1),
  key: keyInPlay,
  keys: fc.array(keyInPlay, { maxLength: 8 }),
  characters: fc.constantFrom(0, 10, 50, 400, 2_000),
  readAt: fc.constantFrom(1, 2, 3),
  now: fc.constantFrom(1, 1, 1, 1, 200),
});

/** The same by the book: a list, the one used last at its end. */
const createModel = (bytesMax: number) => {
  let held: { readonly name: string; readonly entry: CacheEntry }[] = [];
  const bytesOf = (some: typeof held) =>
    some.reduce((sum, { entry }) => sum + cost(entry.text?.length ?? 0), 0) +
    groupCost * new Set(some.map(({ name }) => name[0])).size;
  const bytes = () => bytesOf(held);
  const take = (name: string) => {
    const found = held.find((each) => each.name === name);
    held = held.filter((each) => each !== found);
    return found;
  };
  return {
    bytes,
    get: (name: string, now: number) => {
      const found = take(name);
      if (!found || found.entry.life.staleUntil <= now) return undefined;
      held.push(found);
      return found.entry;
    },
    set: (name: string, entry: CacheEntry) => {
      if (held.some((each) => each.name === name && each.entry.life.readAt > entry.life.readAt)) return;
      take(name);
      if (cost(entry.text?.length ?? 0) + groupCost > bytesMax) return;
      held.push({ name, entry });
      while (bytes() > bytesMax) held.shift();
    },
    delete: take,
    clear: () => {
      held = [];
    },
  };
};

test('any history leaves what the least recently used leave, to the byte', () => {
  void fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.constantFrom(0, 1_100, 2_500, 5_000), (steps, bytesMax) => {
      const memory = createMemoryTier(bytesMax);
      const model = createModel(bytesMax);
      for (const { what, of, key, keys, characters, readAt, now } of steps) {
        const [inGroup, name] = [of === 0 ? group : other, `${of}${key}`];
        const value = entry('x'.repeat(characters), readAt);
        if (what === 'get') assert.is(memory.get(inGroup, key, now), model.get(name, now));
        else if (what === 'getEach') {
          const different = [...new Set(keys)];
          const entries = different.map((each) => model.get(`${of}${each}`, now));
          assert.equal(memory.getEach(inGroup, keys, now), { keys: different, entries });
        } else if (what === 'set') {
          memory.set(inGroup, key, value);
          model.set(name, value);
        } else if (what === 'delete') {
          memory.delete(inGroup, key);
          model.delete(name);
        } else {
          memory.clear();
          model.clear();
        }
        assert.is(memory.bytes(), model.bytes());
      }
    }),
    { numRuns: 500 },
  );
});

test.run();
