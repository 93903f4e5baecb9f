import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cacheLimits } from '../process/limits.ts';
import { hashText } from './hash-text.ts';
import { createSlotTable, type TableGroup } from './slot-table.ts';

const groupOf = (n: number): TableGroup => ({ prefix: `group ${n}`, hash: Math.imul(n, 0x9e37_79b1) });

const createKeyed = (hash: typeof hashText = hashText) => {
  const table = createSlotTable(12_345, hash);
  return {
    table,
    find: (group: number, key: string) => table.find(table.hash(groupOf(group), key), groupOf(group), key),
    add: (group: number, key: string) => table.add(table.hash(groupOf(group), key), groupOf(group).prefix, key),
  };
};

test('finds what was added, in its group alone, until it is removed', () => {
  const { table, find, add } = createKeyed();
  const slot = add(1, 'a');
  assert.is(find(1, 'a'), slot);
  assert.is(table.prefixOf(slot), 'group 1');
  assert.is(find(2, 'a'), 0);
  assert.is(find(1, 'b'), 0);
  table.remove(slot);
  assert.is(find(1, 'a'), 0);
  assert.is(table.oldest(), 0);
});

test('numbers slots from 1 on without a gap, and gives free ones again before new ones', () => {
  const { table, add } = createKeyed();
  assert.equal(
    ['a', 'b', 'c'].map((key) => add(1, key)),
    [1, 2, 3],
  );
  table.remove(2);
  table.remove(1);
  assert.equal(
    ['d', 'e', 'f'].map((key) => add(1, key)),
    [1, 2, 4],
  );
});

test('the oldest is the one whose use is longest ago', () => {
  const { table, add } = createKeyed();
  const [a, b, c] = [add(1, 'a'), add(1, 'b'), add(1, 'c')];
  assert.is(table.oldest(), a);
  table.use(a);
  assert.is(table.oldest(), b);
  table.use(b);
  table.use(b);
  assert.is(table.oldest(), c);
});

test('keeps every slot, and their order, as it grows', () => {
  const { table, find, add } = createKeyed();
  const keys = Array.from({ length: 5_000 }, (_, n) => `key ${n}`);
  const slots = keys.map((key, n) => add(n % 3, key));
  assert.equal(
    keys.map((key, n) => find(n % 3, key)),
    slots,
  );
  for (const slot of slots) {
    assert.is(table.oldest(), slot);
    table.remove(slot);
  }
});

test('refuses a key that would be further from its place than a look may go, until there is room', () => {
  const { table, find, add } = createKeyed(() => -1);
  const slots = Array.from({ length: cacheLimits.slotDistanceMax + 1 }, (_, n) => add(1, String(n)));
  assert.not(slots.includes(0));
  assert.is(add(1, 'one more'), 0);
  assert.is(find(1, 'one more'), 0);
  table.remove(find(1, '0'));
  assert.is(add(1, 'one more'), slots[0]);
  assert.is(find(1, 'one more'), slots[0]);
});

test('keeps what is left when most of it goes, while it grows and gives slots again', () => {
  const { table, find, add } = createKeyed();
  const slots = new Map<string, number>();
  for (let n = 0; n < 20_000; n += 1) {
    slots.set(String(n), add(1, String(n)));
    // Two of three go, now and then many at once.
    for (const gone of n % 500 === 499 ? [...slots.keys()].filter((key) => Number(key) % 3 > 0) : []) {
      table.remove(slots.get(gone) ?? 0);
      slots.delete(gone);
    }
  }
  for (const [key, slot] of slots) assert.is(find(1, key), slot);
  assert.is(find(1, '1'), 0);
  assert.is(new Set(slots.values()).size, slots.size);
});

/** Hashes at the end of a small index too, where places go on at its beginning. */
const crowding: readonly ((key: string) => number)[] = [
  () => 0,
  (key) => key.charCodeAt(0) % 3,
  (key) => 126 + (key.charCodeAt(0) % 4),
];

test('any history leaves in the table what it leaves in a list, whatever hashes alike', () => {
  const step = fc.record({
    what: fc.constantFrom('add', 'add', 'add', 'use', 'remove', 'removeOldest'),
    group: fc.constantFrom(1, 2),
    key: fc.constantFrom(...'abcdefghijklmnop'),
  });
  void fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), fc.constantFrom(...crowding, hashText), (steps, hash) => {
      const { table, find, add } = createKeyed(hash);
      let list: { readonly name: string; readonly slot: number }[] = [];
      for (const { what, group, key } of steps) {
        const name = `${group}${key}`;
        const held = list.find((each) => each.name === name);
        if (what === 'removeOldest') {
          const [first] = list;
          assert.is(table.oldest(), first?.slot ?? 0);
          if (first) table.remove(first.slot);
          list = list.slice(1);
        } else if (!held) {
          if (what === 'add') list.push({ name, slot: add(group, key) });
        } else {
          list = list.filter((each) => each !== held);
          if (what === 'remove') table.remove(held.slot);
          else {
            table.use(held.slot);
            list.push(held);
          }
        }
        for (const each of list) assert.is(find(Number(each.name[0]), each.name.slice(1)), each.slot);
        assert.is(find(group, key), list.find((each) => each.name === name)?.slot ?? 0);
      }
    }),
    { numRuns: 300 },
  );
});

test.run();
