import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { differentKeys } from './input-keys.ts';

test('each different element of a list once, as text, in the order asked for', () => {
  assert.equal(differentKeys({ ids: ['b', 'a', 'c'] }, 'ids'), ['b', 'a', 'c']);
  assert.equal(differentKeys({ ids: ['b', 'a', 'b', 'c', 'a'] }, 'ids'), ['b', 'a', 'c']);
  assert.equal(differentKeys({ ids: [2, 10n, 2n] }, 'ids'), ['2', '10']);
});

test('none where the name is left out or no list', () => {
  assert.equal(differentKeys({}, 'ids'), []);
  assert.equal(differentKeys({ ids: 'a' }, 'ids'), []);
});

test.run();
