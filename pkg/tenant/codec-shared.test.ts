import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { actionSpec } from './action-spec.ts';
import { decode, decodeJson } from './codec.ts';
import { defaulted } from './codec-containers.ts';
import { whole } from './codec-scalars.ts';
import { shared } from './codec-shared.ts';
import { manifestObject } from './manifest-object.ts';

const lookup = (statement: string, more: object = {}) => ({
  name: 'find',
  input: [{ name: 'ids', type: 'String', list: true, ...more }],
  lookup: { statement, parameters: ['tenant_id', 'ids'], keys: 'ids', keyColumn: 'id', output: 'found' },
});

test('equal text is one value, what differs in anything is another', () => {
  const type = shared(actionSpec);
  const read = (value: object) => {
    const found = decode(type, structuredClone(value));
    if (!found.ok) throw new Error(JSON.stringify(found.problems));
    return found.value;
  };
  const text = 'SELECT $2 AS id WHERE $1 IS NOT NULL';
  const one = read(lookup(text));
  assert.is(read(lookup(text)), one);
  assert.equal(decode(actionSpec, lookup(text)), { ok: true, value: one });
  for (const other of [lookup(`${text} `), lookup(text, { maxLength: 5 }), { ...lookup(text), name: 'other' }]) {
    assert.is.not(read(other), one);
    assert.equal(decode(actionSpec, other), { ok: true, value: read(other) });
  }
});

test('what is refused is refused every time, with the same problems', () => {
  const type = shared(actionSpec);
  const broken = lookup('SELECT 1');
  const expected = decode(actionSpec, broken);
  assert.not(expected.ok);
  for (let n = 0; n < 2; n += 1) assert.equal(decode(type, broken), expected);
});

test('a number that JSON writes as null is not taken for a null that was read before', () => {
  const plain = manifestObject({ n: defaulted(whole(0, 9), 1) });
  const type = shared(plain);
  assert.equal(decodeJson(type, '{"n":null}'), { ok: true, value: { n: 1 } });
  for (const one of [plain, type]) assert.not(decodeJson(one, '{"n":1e999}').ok);
});

test.run();
