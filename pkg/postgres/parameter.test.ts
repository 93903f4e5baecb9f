import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { inputTypes } from '../tenant/input-spec.ts';
import { arrayLiteral } from './array-literal.ts';
import { bindParameter, postgresTypeOf } from './parameter.ts';

test('each input type has its PostgreSQL type, and its list the array of it', () => {
  const types = inputTypes.map((type) => [
    type,
    postgresTypeOf({ type, list: false }),
    postgresTypeOf({ type, list: true }),
  ]);
  assert.equal(types, [
    ['UUID', 'uuid', 'uuid[]'],
    ['String', 'text', 'text[]'],
    ['Integer', 'int8', 'int8[]'],
    ['Number', 'float8', 'float8[]'],
    ['Boolean', 'bool', 'bool[]'],
    ['Timestamp', 'timestamptz', 'timestamptz[]'],
  ]);
});

test('values are bound as text, a left-out one as NULL, a list as an array literal', () => {
  assert.is(bindParameter(undefined), null);
  assert.is(bindParameter(''), '');
  assert.is(bindParameter('null'), 'null');
  assert.is(bindParameter(0), '0');
  assert.is(bindParameter(false), 'false');
  assert.is(bindParameter(2n ** 63n - 1n), '9223372036854775807');
  assert.is(bindParameter([]), '{}');
  assert.is(bindParameter([1, 2n, 3.5]), '{1,2,3.5}');
  assert.is(bindParameter(['null', 'a b']), '{"null","a b"}');
});

test('an array literal quotes what would end, split, escape or be NULL', () => {
  assert.is(arrayLiteral(['a', null, '', 'NULL', 'nulls']), '{a,NULL,"","NULL",nulls}');
  assert.is(arrayLiteral(['{', '}', ',', ' ', '\t']), '{"{","}",","," ","\t"}');
  assert.is(arrayLiteral(['"', '\\', `'`]), String.raw`{"\"","\\",'}`);
  assert.is(arrayLiteral(['\\"', '\\"', '"\\', '$&', '$&']), String.raw`{"\\\"","\\\"","\"\\",$&,$&}`);
  assert.is(arrayLiteral([arrayLiteral(['a', 'b']), arrayLiteral([])]), '{"{a,b}","{}"}');
});

test('an element that is as the one before stands as often as it is listed', () => {
  assert.is(arrayLiteral(['a', 'a', 'b', 'a', null, null, 'null', '', '']), '{a,a,b,a,NULL,NULL,"null","",""}');
  assert.is(arrayLiteral([]), '{}');
});

test.run();
