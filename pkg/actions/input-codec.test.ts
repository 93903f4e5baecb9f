import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { InputSpec } from '../tenant/input-spec.ts';
import { compileInput } from './input-codec.ts';

const uuid = '0000000A-0000-4000-8000-00000000000a';
const single = (spec: Partial<InputSpec>): InputSpec => ({
  name: 'x',
  type: 'String',
  list: false,
  optional: false,
  ...spec,
});
const decodeOne = (spec: Partial<InputSpec>, x: unknown) =>
  compileInput([single(spec)], { tenantId: 'acme' }).decode({ tenant_id: 'acme', x });

const accepted = (spec: Partial<InputSpec>, value: unknown, expected: unknown = value) => {
  const read = decodeOne(spec, value);
  assert.ok(read.ok, `${String(value)} is refused`);
  assert.equal(read.value.x, expected);
};
const refused = (spec: Partial<InputSpec>, value: unknown, expected: string, path = 'input.x') =>
  assert.equal(decodeOne(spec, value), { ok: false, problems: [{ path, expected }] });

test('UUID: any case in, lower case out, nothing but the hyphenated form', () => {
  accepted({ type: 'UUID' }, uuid, uuid.toLowerCase());
  for (const value of [
    `{${uuid}}`,
    uuid.replaceAll('-', ''),
    `${uuid} `,
    `${uuid}\n`,
    uuid.slice(1),
    '',
    1,
    null,
    [],
    {},
  ])
    refused({ type: 'UUID' }, value, 'UUID');
});

test('Integer: int8, exactly', () => {
  const type = 'Integer';
  for (const value of [0, 1, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]) accepted({ type }, value);
  for (const value of [2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n]) accepted({ type }, value);
  const zero = decodeOne({ type }, -0);
  assert.ok(zero.ok && Object.is(zero.value.x, 0));
  for (const value of [
    2n ** 63n,
    -(2n ** 63n) - 1n,
    1.5,
    2 ** 53,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    '1',
    true,
    null,
  ])
    refused({ type }, value, 'Integer');
});

test('Number: finite ones', () => {
  const type = 'Number';
  for (const value of [0, -1.5, 5e-324, Number.MAX_VALUE, 2n ** 64n]) accepted({ type }, value);
  for (const value of [Number.NaN, Number.NEGATIVE_INFINITY, 10n ** 400n, '1', null])
    refused({ type }, value, 'Number');
});

test('Boolean and Timestamp', () => {
  accepted({ type: 'Boolean' }, false);
  for (const value of [0, 'true', null]) refused({ type: 'Boolean' }, value, 'true or false');
  accepted({ type: 'Timestamp' }, '2026-01-01T00:00:00Z');
  for (const value of ['2026-02-30T00:00:00Z', 'now', 0]) refused({ type: 'Timestamp' }, value, 'RFC 3339 timestamp');
});

test('String: characters are counted as code points, at both bounds', () => {
  const spec = { minLength: 2, maxLength: 3 };
  for (const value of ['ab', 'abc', '😀😀', '😀😀😀']) accepted(spec, value);
  for (const value of ['', 'a', '😀', 'abcd', '😀😀😀😀', 7]) refused(spec, value, 'text of 2 to 3 characters');
  accepted({}, 'x'.repeat(1_024));
  refused({}, 'x'.repeat(1_025), 'text of at most 1024 characters');
});

test('String: what PostgreSQL or UTF-8 cannot hold is refused', () => {
  for (const value of ['a\0', '\ud800', '\udc00a']) refused({}, value, 'text of at most 1024 characters');
  accepted({}, '\u0001\ufffe{}",\\😀');
});

test('String: enum takes its words and nothing near them', () => {
  accepted({ enum: ['on', 'off'] }, 'off');
  for (const value of ['On', 'off ', '', 'toString', null]) refused({ enum: ['on', 'off'] }, value, 'one of on, off');
});

test('String: a pattern is found anywhere unless anchored, within the bounds, without backtracking', () => {
  accepted({ pattern: 'b+' }, 'abba');
  refused({ pattern: '^b+$' }, 'abba', 'text of at most 1024 characters that match the declared pattern');
  refused({ pattern: 'b', maxLength: 1 }, 'ab', 'text of at most 1 characters that match the declared pattern');
  refused(
    { pattern: '^(a+)+$' },
    `${'a'.repeat(1_000)}!`,
    'text of at most 1024 characters that match the declared pattern',
  );
});

test('a list is measured before its items are looked at, and names the items that are wrong', () => {
  const list = true;
  accepted({ list }, []);
  accepted({ list }, Array(500).fill('a'));
  refused({ list }, Array(501).fill(0), 'at most 500 items');
  for (const value of ['a', { length: 1 }, null]) refused({ list }, value, 'at most 500 items');
  refused({ list, type: 'UUID' }, [uuid, uuid, 7], 'UUID', 'input.x[2]');
});

test('the batch holds one key at least and batchSize at most', () => {
  const input = compileInput([single({ list: true })], { tenantId: 'acme', batch: { names: ['x'], max: 2 } });
  const size = (x: readonly string[]) => input.decode({ tenant_id: 'acme', x });
  assert.ok(size(['a']).ok);
  assert.ok(size(['a', 'b']).ok);
  for (const keys of [[], ['a', 'b', 'c']]) {
    assert.equal(size(keys), { ok: false, problems: [{ path: 'input.x', expected: '1 to 2 items' }] });
  }
});

test('an optional input may be left out, and not be null', () => {
  const input = compileInput([single({ optional: true })], { tenantId: 'acme' });
  assert.equal(input.decode({ tenant_id: 'acme' }), { ok: true, value: { tenant_id: 'acme' } });
  assert.is(input.decode({ tenant_id: 'acme', x: null }).ok, false);
  assert.equal(compileInput([single({})], { tenantId: 'acme' }).decode({ tenant_id: 'acme' }), {
    ok: false,
    problems: [{ path: 'input.x', expected: 'required' }],
  });
});

test('tenant_id is the verified one', () => {
  const input = compileInput([], { tenantId: 'acme' });
  assert.ok(input.decode({ tenant_id: 'acme' }).ok);
  for (const value of [{ tenant_id: 'other' }, { tenant_id: ['acme'] }, {}, []])
    assert.is(input.decode(value).ok, false);
});

test('inputs are found among own fields only', () => {
  const input = compileInput([single({ name: 'toString' })], { tenantId: 'acme' });
  assert.is(input.decode({ tenant_id: 'acme' }).ok, false);
  const polluted: unknown = JSON.parse('{"tenant_id":"acme","toString":"a","__proto__":{"x":1}}');
  assert.equal(input.decode(polluted), {
    ok: false,
    problems: [{ path: 'input.__proto__', expected: 'no such field' }],
  });
});

test('tenants that declare the same are told apart, in their id and in how much a batch may hold', () => {
  const inputs = [single({ name: 'ids', list: true })];
  const decoderOf = (tenantId: string, max: number) =>
    compileInput(inputs, { tenantId, batch: { names: ['ids'], max } });
  const [acme, globex] = [decoderOf('acme', 1), decoderOf('globex', 2)];
  const input = (tenantId: string, ...ids: readonly string[]) => ({ tenant_id: tenantId, ids });
  assert.equal(acme.decode(input('acme', 'a')), { ok: true, value: input('acme', 'a') });
  assert.equal(globex.decode(input('globex', 'a', 'b')), { ok: true, value: input('globex', 'a', 'b') });
  assert.equal(acme.decode(input('acme', 'a', 'b')), {
    ok: false,
    problems: [{ path: 'input.ids', expected: 'exactly 1 item' }],
  });
  for (const [decoder, own, foreign] of [
    [acme, 'acme', 'globex'],
    [globex, 'globex', 'acme'],
  ] as const) {
    assert.equal(decoder.decode(input(foreign, 'a')), {
      ok: false,
      problems: [{ path: 'input.tenant_id', expected: own }],
    });
  }
});

test.run();
