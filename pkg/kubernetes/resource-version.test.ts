import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isEarlier } from './resource-version.ts';

test('versions are compared as the numbers that they are, and otherwise not at all', () => {
  assert.ok(isEarlier('9', '10'));
  assert.ok(isEarlier('99999999999999999998', '99999999999999999999'));
  for (const [a, b] of [
    ['10', '9'],
    ['10', '10'],
    ['a', 'b'],
    ['1', 'b'],
    ['', '1'],
    ['01', '2'],
  ] as const) {
    assert.not(isEarlier(a, b), `${a} ${b}`);
  }
});

test.run();
