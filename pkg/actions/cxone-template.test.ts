import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { CxoneActionSpec, JsonValue } from '../tenant/cxone-action-spec.ts';
import type { ActionInput } from './action.ts';
import { compileCall } from './cxone-template.ts';

const spec = (part: Partial<CxoneActionSpec>): CxoneActionSpec => ({
  method: 'POST',
  path: '/a/{x}',
  query: {},
  output: 'o',
  ...part,
});

const bodyOf = (body: JsonValue, input: ActionInput): string | undefined => compileCall(spec({ body })).body(input);

const pathValues: readonly (readonly [value: string | number | bigint | boolean, path: string])[] = [
  ['4711', '/a/4711'],
  ['a b/c?d#e%2F', '/a/a%20b%2Fc%3Fd%23e%252F'],
  ['ä\u{1F600}', '/a/%C3%A4%F0%9F%98%80'],
  ['{y}', '/a/%7By%7D'],
  ['a\r\nHost: b', '/a/a%0D%0AHost%3A%20b'],
  ['...', '/a/...'],
  ['a..b', '/a/a..b'],
  [9223372036854775807n, '/a/9223372036854775807'],
  [-1.5, '/a/-1.5'],
  [true, '/a/true'],
];
for (const [value, path] of pathValues) {
  test(`path: ${JSON.stringify(String(value))}`, () => {
    const call = compileCall(spec({}));
    assert.equal(call.pathProblems({ x: value }), []);
    assert.is(call.path({ x: value }), path);
    assert.is(new URL(path, 'https://h').pathname, path);
  });
}

test('path: no value makes it another one', () => {
  const call = compileCall(spec({ path: '/a/{x}/b' }));
  for (const x of ['', '.', '..', '../c', 'c/..', '..\\c', 'c/./d', '/..'])
    assert.equal(
      call.pathProblems({ x }).map(({ path }) => path),
      ['input.x'],
      x,
    );
});

test('path: neither do several in a segment, nor one beside what is encoded there', () => {
  const two = compileCall(spec({ path: '/a/{x}{y}' }));
  assert.equal(
    two.pathProblems({ x: '.', y: '.' }).map(({ path }) => path),
    ['input.x', 'input.y'],
  );
  assert.equal(two.pathProblems({ x: '.', y: 'a' }), []);
  assert.is(compileCall(spec({ path: '/a/%2e{x}' })).pathProblems({ x: '.' }).length, 1);
  assert.is(compileCall(spec({ path: '/a/%zz{x}' })).pathProblems({ x: '.' }).length, 0);
});

test('query: encoded, lists with commas, left out where an input is not there', () => {
  const query = { fields: '{list}', q: 'name eq {x}&', 'a b': 'c', only: '{y}', both: '{x}-{y}' };
  const call = compileCall(spec({ path: '/p', query }));
  assert.is(call.path({ list: ['1', 'a,b'], x: 'ö=&' }), '/p?fields=1%2Ca%2Cb&q=name%20eq%20%C3%B6%3D%26%26&a%20b=c');
  assert.is(compileCall(spec({ path: '/p', query: { only: '{y}' } })).path({}), '/p');
});

test('body: exactly an input keeps its type', () => {
  const input = { s: '"a"\n', i: 9007199254740993n, n: 1.5, b: false, list: [1n, 'x'], empty: [] };
  assert.is(
    bodyOf({ s: '{s}', i: '{i}', n: '{n}', b: '{b}', list: '{list}', empty: '{empty}' }, input),
    '{"s":"\\"a\\"\\n","i":9007199254740993,"n":1.5,"b":false,"list":[1,"x"],"empty":[]}',
  );
  assert.is(bodyOf('{i}', input), '9007199254740993');
});

test('body: within a longer text it is text', () => {
  assert.is(
    bodyOf({ t: 'n={n}, l={list}!' }, { n: 12345678901234567890n, list: [true, 'x"'] }),
    '{"t":"n=12345678901234567890, l=true,x\\"!"}',
  );
  assert.is(bodyOf('{x}{y}', { x: '1', y: '2' }), '"12"');
});

test('body: what is not an input stays as it is', () => {
  const body = { a: [null, true, -0.5, 'x {y z} {}', {}], 'k{x}': 1, __proto__x: [] };
  assert.is(bodyOf(body, { x: '1' }), JSON.stringify(body));
});

test('body: what names an input that is not there is left out', () => {
  const body = { a: '{gone}', b: ['{gone}', 1, 'so {gone}'], c: { d: '{gone}' }, e: 'so {gone}' };
  assert.is(bodyOf(body, {}), '{"b":[1],"c":{}}');
  assert.is(bodyOf('{gone}', {}), undefined);
  assert.is(compileCall(spec({})).body({ x: '1' }), undefined);
});

test('nothing is inherited', () => assert.is(bodyOf({ a: '{constructor}', b: '{toString}' }, {}), '{}'));

test.run();
