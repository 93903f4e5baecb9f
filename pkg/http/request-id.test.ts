import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { requestIdOf } from './request-id.ts';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

for (const id of ['a', 'r-1', '0af7651916cd43dd8448eb211c80319c', 'A.b_c:d-9', 'x'.repeat(128)]) {
  test(`the caller's own id stays: ${id.slice(0, 40)}`, () => assert.is(requestIdOf(id), id));
}

const unfit = [
  '',
  ' ',
  'a b',
  'a\nb',
  'a\n',
  '"',
  '{}',
  'é',
  'a/b',
  "'; DROP",
  'a, b',
  'x'.repeat(129),
  '%00',
  '\u0000',
];

for (const id of [undefined, ...unfit]) {
  test(`what is fit for no log gets a new id: ${JSON.stringify(id)?.slice(0, 40)}`, () =>
    assert.match(requestIdOf(id), uuid));
}

test('no two requests get the same new id', () => {
  assert.is(new Set(Array.from({ length: 1_000 }, () => requestIdOf(undefined))).size, 1_000);
});

test.run();
