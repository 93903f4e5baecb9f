import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseExactJson } from './exact-json.ts';

const cases: readonly (readonly [text: string, value: unknown])[] = [
  ['9007199254740991', 9007199254740991],
  ['-9007199254740991', -9007199254740991],
  ['9007199254740992', 9007199254740992n],
  ['9007199254740993', 9007199254740993n],
  ['-9223372036854775808', -9223372036854775808n],
  ['9223372036854775807', 9223372036854775807n],
  ['[1,{"a":12345678901234567890}]', [1, { a: 12345678901234567890n }]],
  ['{"id":"12345678901234567890","n":1}', { id: '12345678901234567890', n: 1 }],
  ['0.1234567890123456789', Number('0.1234567890123456789')],
  ['1e20', 1e20],
  ['12345678901234567890.5', Number('12345678901234567890.5')],
  ['1234567890123456789e0', Number('1234567890123456789')],
];

for (const [text, value] of cases) {
  test(`${text} arrives without loss`, () => {
    const found = parseExactJson(text);
    assert.equal(found, value);
    assert.is(typeof found, typeof value);
  });
}

test('every integer arrives as what was written', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }), (written) => {
      const read = parseExactJson(`{"n":[${written}]}`) as { n: [number | bigint] };
      return BigInt(read.n[0]) === written;
    }),
  );
});

test('an integer is found wherever in the text it begins', () => {
  for (let pad = 0; pad < 40; pad += 1) {
    const text = `{"pad":"${'x'.repeat(pad)}","n":9007199254740993}`;
    assert.equal(parseExactJson(text), { pad: 'x'.repeat(pad), n: 9007199254740993n });
  }
});

test('a text with long digits is otherwise read like any other', () => {
  const rounded = (_key: string, value: unknown) => (typeof value === 'bigint' ? Number(value) : value);
  fc.assert(
    fc.property(fc.json(), (json) => {
      const text = `[${json},"1234567890123456"]`;
      assert.is(JSON.stringify(parseExactJson(text), rounded), JSON.stringify(JSON.parse(text)));
    }),
    { numRuns: 500 },
  );
});

const nested = (depth: number, inner: string) => `${'['.repeat(depth)}${inner}${']'.repeat(depth)}`;

test('any depth is looked over, and with a large number in it read or refused', () => {
  for (const inner of ['1', '"x"', 'null', '{}']) assert.type(parseExactJson(nested(30_000, inner)), 'object');
  let value = parseExactJson(nested(100, '9007199254740993'));
  while (Array.isArray(value)) [value] = value;
  assert.is(value, 9007199254740993n);
  assert.throws(
    () => parseExactJson(nested(30_000, '9007199254740993')),
    (error: unknown) => error instanceof RangeError,
  );
});

test('__proto__ is a field like any other, with and without long digits', () => {
  for (const number of ['1', '12345678901234567890']) {
    const value = parseExactJson(`{"__proto__":{"polluted":${number}}}`) as object;
    assert.ok(Object.hasOwn(value, '__proto__'));
    assert.is(Object.getPrototypeOf(value), Object.prototype);
    assert.not('polluted' in value);
  }
});

test('what is no JSON is a SyntaxError, with and without long digits', () => {
  for (const text of ['', '{', '{"a":1,}', 'NaN', '012', '1234567890123456,', '-', "{'a':1}"]) {
    assert.throws(
      () => parseExactJson(text),
      (error: unknown) => error instanceof SyntaxError,
      text,
    );
  }
});

test.run();
