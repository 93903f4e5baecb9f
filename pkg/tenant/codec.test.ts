import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Problem } from '../errors/problem.ts';
import { requestLimits } from '../process/limits.ts';
import { type Codec, decode, mapped, ruled, safeKey } from './codec.ts';
import { closed, defaulted, list, open, record } from './codec-containers.ts';
import { exactly, flag, oneOf, text, whole } from './codec-scalars.ts';

const problemsOf = <A>(type: Codec<A>, value: unknown, root?: string): readonly Problem[] => {
  const read = decode(type, value, root);
  return read.ok ? [] : read.problems;
};
const accepts = <A>(type: Codec<A>, value: unknown): boolean => decode(type, value).ok;

const point = closed({ x: whole(0, 9) }, { label: text({ max: 5 }) });

test('a closed object takes its fields and no others', () => {
  assert.equal(decode(point, { x: 1, label: 'a' }), { ok: true, value: { x: 1, label: 'a' } });
  assert.equal(problemsOf(point, { x: 1, y: 2 }), [{ path: 'y', expected: 'no such field' }]);
  assert.equal(problemsOf(point, {}), [{ path: 'x', expected: 'required' }]);
  for (const value of [null, [], 'x', 1, undefined]) {
    assert.equal(problemsOf(point, value), [{ path: '', expected: 'an object' }]);
  }
});

test('a field named __proto__ is a field like any other', () => {
  assert.equal(problemsOf(point, JSON.parse('{"x":1,"__proto__":{}}')), [
    { path: '__proto__', expected: 'no such field' },
  ]);
  assert.not(accepts(point, Object.create({ x: 1 })));
});

test('an open object leaves out what it does not know', () => {
  assert.equal(decode(open({ x: flag }), { x: true, y: 1 }), { ok: true, value: { x: true } });
});

test('a default stands for a field left out, and only for that', () => {
  const type = closed({ x: defaulted(whole(0, 9), 7) });
  assert.equal(decode(type, {}), { ok: true, value: { x: 7 } });
  assert.equal(decode(type, { x: 0 }), { ok: true, value: { x: 0 } });
  assert.not(accepts(type, { x: null }));
});

test('paths lead from the root through fields and places', () => {
  const type = closed({ actions: list(closed({ input: list(point, 0, 5) }), 0, 5) });
  const value = { actions: [{ input: [{ x: 1 }, { x: 10 }] }] };
  assert.equal(problemsOf(type, value, 'spec'), [
    { path: 'spec.actions[0].input[1].x', expected: 'a whole number from 0 to 9' },
  ]);
  assert.equal(problemsOf(list(flag, 0, 1), ['x'], 'input'), [{ path: 'input[0]', expected: 'true or false' }]);
  assert.equal(problemsOf(list(flag, 0, 1), ['x']), [{ path: '[0]', expected: 'true or false' }]);
});

test('the length of a list is checked before its items', () => {
  let looked = 0;
  const counting = ruled(whole(0, 9), () => {
    looked += 1;
    return [];
  });
  assert.equal(problemsOf(list(counting, 1, 3), [1, 2, 3, 4]), [{ path: '', expected: '1 to 3 items' }]);
  assert.equal(problemsOf(list(counting, 1, 3), []), [{ path: '', expected: '1 to 3 items' }]);
  assert.is(looked, 0);
  assert.ok(accepts(list(counting, 1, 3), [1, 2, 3]));
});

test('no more problems are collected than are shown', () => {
  const many = Array.from({ length: 400 }, () => 'x');
  assert.is(problemsOf(list(flag, 0, 500), many).length, requestLimits.problemsMax);
  const fields = Object.fromEntries(many.map((_, at) => [`f${at}`, 1]));
  assert.is(problemsOf(closed({}), fields).length, requestLimits.problemsMax);
});

test('the name of an unknown field is bounded and harmless in a path', () => {
  assert.is(safeKey(`a"b\n[0]${'x'.repeat(100)}`), `a?b??0?${'x'.repeat(57)}`);
  assert.is(safeKey(''), '?');
});

test('text is bounded in characters, not in code units', () => {
  const type = text({ min: 2, max: 3 });
  for (const value of ['ab', 'abc', '😀😀', '😀😀😀']) assert.ok(accepts(type, value), value);
  for (const value of ['a', 'abcd', '😀', '😀😀😀😀', 1, null]) assert.not(accepts(type, value), String(value));
});

test('text with U+0000 or a lone surrogate is refused', () => {
  for (const value of ['a\0', '\ud800', 'a\udc00b']) assert.not(accepts(text({ max: 9 }), value));
});

test('whole numbers are whole, safe and within their bounds', () => {
  const type = whole(-1, Number.MAX_SAFE_INTEGER);
  for (const value of [-1, 0, Number.MAX_SAFE_INTEGER]) assert.ok(accepts(type, value));
  for (const value of [-2, 0.5, Number.NaN, Number.MAX_SAFE_INTEGER + 1, '1', null]) assert.not(accepts(type, value));
});

test('a word is one of its list', () => {
  assert.equal(problemsOf(oneOf(['a', 'b']), 'c'), [{ path: '', expected: 'one of a, b' }]);
  assert.ok(accepts(exactly(1), 1));
  assert.not(accepts(exactly(1), 2));
});

test('a record is bounded in entries and in the length of its keys', () => {
  const type = record(text({ max: 2 }), { entriesMax: 2, keyCharactersMax: 3 });
  assert.equal(decode(type, { abc: 'x', d: 'y' }), { ok: true, value: { abc: 'x', d: 'y' } });
  assert.equal(problemsOf(type, { a: 'x', b: 'x', c: 'x' }), [{ path: '', expected: 'an object of at most 2 fields' }]);
  assert.equal(problemsOf(type, { abcd: 'x', 'a.b': 'xyz' }), [
    { path: 'abcd', expected: 'a field name of 1 to 3 characters' },
    { path: 'a.b', expected: 'text of at most 2 characters' },
  ]);
});

test('rules see a value that has the right shape, and name places below it', () => {
  const type = closed({ p: ruled(point, ({ x }) => (x > 5 ? [{ path: 'x', expected: 'at most 5' }] : [])) });
  assert.equal(problemsOf(type, { p: { x: 6 } }), [{ path: 'p.x', expected: 'at most 5' }]);
  assert.equal(problemsOf(type, { p: { x: 'a' } }), [{ path: 'p.x', expected: 'a whole number from 0 to 9' }]);
});

test('a mapped codec yields what the map makes', () => {
  assert.equal(decode(mapped(whole(0, 9), String), 5), { ok: true, value: '5' });
});

test('a problem never carries a value', () => {
  const type = closed({ a: list(text({ max: 3 }), 0, 3), b: record(flag, { entriesMax: 3, keyCharactersMax: 8 }) });
  void fc.assert(
    fc.property(fc.array(fc.constant('s3cr3t'), { maxLength: 3 }), (a) => {
      assert.not.match(JSON.stringify(problemsOf(type, { a, b: { k: 's3cr3t' } })), 's3cr3t');
    }),
  );
});

test.run();
