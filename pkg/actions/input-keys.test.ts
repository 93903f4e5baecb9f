import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { listKeys } from './input-keys.ts';

test('each different element of a list once, as text, in the order asked for', () => {
  assert.equal(listKeys({ ids: ['b', 'a', 'c'] }, 'ids'), ['b', 'a', 'c']);
  assert.equal(listKeys({ ids: ['b', 'a', 'b', 'c', 'a'] }, 'ids'), ['b', 'a', 'c']);
  assert.equal(listKeys({ ids: [2, 10n, 2n] }, 'ids'), ['2', '10']);
});

test('none where the name is left out or no list', () => {
  assert.equal(listKeys({}, 'ids'), []);
  assert.equal(listKeys({ ids: 'a' }, 'ids'), []);
});

test.run();
