import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decode } from '../../../pkg/tenant/codec.ts';
import { createRandom } from './random.ts';
import { compileValue, type MakeValue } from './value-source.ts';
import { valueSpec } from './value-spec.ts';

const lines: readonly string[] = ['a', 'b', 'c'];

const make = (value: unknown): MakeValue => {
  const spec = decode(valueSpec, value);
  if (!spec.ok) throw new Error(JSON.stringify(spec.problems));
  const compiled = compileValue(spec.value, () => lines);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
  return compiled.value;
};
const draw = (value: unknown, count = 100, seed = 1) => {
  const random = createRandom(seed);
  const from = make(value);
  return Array.from({ length: count }, () => from(random));
};
const problems = (value: unknown) => {
  const spec = decode(valueSpec, value);
  if (!spec.ok) return spec.problems.map(({ path, expected }) => `${path}: ${expected}`);
  const compiled = compileValue(spec.value, () => lines);
  return compiled.ok ? [] : compiled.problems.map(({ path, expected }) => `${path}: ${expected}`);
};

test('plain values and lists are sent as they stand', () => {
  for (const value of ['x', '', 1, 0.5, true, [], ['a', 2]]) assert.equal(draw(value, 1), [value]);
});

test('pick, from and range give every one of their values and no other', () => {
  const seen = (value: unknown) => [...new Set(draw(value).map(String))].sort();
  assert.equal(seen({ pick: ['x', 'y'] }), ['x', 'y']);
  assert.equal(seen({ from: 'ids.csv' }), ['a', 'b', 'c']);
  assert.equal(seen({ range: [-1, 1] }), ['-1', '0', '1']);
});

test('take inOrder goes from the first on, over and over', () => {
  assert.equal(draw({ pick: ['x', 'y', 'z'], take: 'inOrder' }, 4), ['x', 'y', 'z', 'x']);
  assert.equal(draw({ from: 'ids.csv', take: 'inOrder', items: 2 }, 2), [
    ['a', 'b'],
    ['c', 'a'],
  ]);
});

test('the number of a range stands in its text, with leading zeros', () => {
  assert.equal(draw({ range: [7, 7], text: 'c-###' }, 1), ['c-007']);
  assert.equal(draw({ range: [1234, 1234], text: '#-##' }, 1), ['#-1234']);
  assert.equal(draw({ range: [5, 5], text: 'a-#-b' }, 1), ['a-5-b']);
});

test('items are different from each other, as many as asked for', () => {
  for (const keys of draw({ range: [1, 50], items: 50 }, 20)) assert.is(new Set(Object(keys)).size, 50);
  const lengths = draw({ range: [1, 1_000_000], items: [0, 3] }).map((keys) => Object(keys).length);
  assert.equal([...new Set(lengths)].sort(), [0, 1, 2, 3]);
});

test('uuid makes UUIDs of version 4', () => {
  const made = draw({ uuid: 'random', items: 2 }, 50).flat();
  for (const uuid of made) {
    assert.match(String(uuid), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  }
  assert.is(new Set(made).size, 100);
});

test('the same seed makes the same values, another one others', () => {
  const value = { range: [1, 1_000_000], items: 3 };
  assert.equal(draw(value, 5, 3), draw(value, 5, 3));
  assert.not.equal(draw(value, 5, 3), draw(value, 5, 4));
});

test('what cannot be made is refused by path, without its value', () => {
  const cases: readonly (readonly [unknown, string])[] = [
    [null, ': text, a number, true or false'],
    [[{}], '[0]: text, a number, true or false'],
    [{}, ': one of pick, range, from, uuid'],
    [{ pick: ['a'], range: [1, 2] }, ': one of pick, range, from, uuid'],
    [{ pick: [] }, 'pick: 1 to 10000 items'],
    [{ range: [2, 1] }, 'range: two whole numbers, the smaller one first'],
    [{ range: [1] }, 'range: exactly 2 items'],
    [{ range: [1, 2], text: 'none' }, 'text: text with # where the number goes'],
    [{ pick: ['a'], text: '#' }, 'text: only with range'],
    [{ uuid: 'random', take: 'inOrder' }, 'take: random with uuid'],
    [{ pick: ['a'], items: 2 }, 'items: at most 1, so that they can differ'],
    [{ from: 'ids.csv', items: [1, 4] }, 'items: at most 3, so that they can differ'],
    [{ pick: ['a'], items: 1_001 }, 'items: a whole number from 0 to 1000'],
    [{ pick: ['a'], secret: 1 }, 'secret: no such field'],
  ];
  for (const [value, expected] of cases) assert.equal(problems(value), [expected], JSON.stringify(value));
});

test.run();
