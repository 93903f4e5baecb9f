import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { utf8Text } from './utf8-text.ts';

test('UTF-8 is text, with a byte order mark or without', () => {
  for (const start of ['', '\ufeff']) assert.is(utf8Text(Buffer.from(`${start}café ☎`)), 'café ☎');
});

for (const [what, bytes] of [
  ['Latin-1', Buffer.from('café', 'latin1')],
  ['UTF-16 with its mark', Buffer.from('\ufeffab', 'utf16le')],
  ['UTF-16 without one', Buffer.from('ab', 'utf16le')],
  ['a character that is cut off', Buffer.from('☎').subarray(0, 2)],
] as const) {
  test(`${what} is none`, () => assert.is(utf8Text(bytes), undefined));
}

test.run();
