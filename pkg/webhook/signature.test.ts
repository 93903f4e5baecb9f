import { createHmac, createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { signingKey } from './signature.ts';

const digest = (key: Parameters<typeof createHmac>[1]) => createHmac('sha256', key).update('body').digest('hex');

test('a secret of UTF-8 becomes text, any other a KeyObject', () => {
  assert.is(signingKey(Buffer.from('Schlüssel 🔑')), 'Schlüssel 🔑');
  assert.is(signingKey(Buffer.from('\uFFFD')), '\uFFFD');
  assert.is(signingKey(Buffer.from('\uFEFFkey\n')), '\uFEFFkey\n');
  for (const bytes of [[0xff], [0xed, 0xa0, 0x80], [0xc0, 0x80], [0x61, 0xe2, 0x82]]) {
    assert.type(signingKey(Buffer.from(bytes)), 'object');
  }
});

test('a key signs exactly as the bytes of its secret do', () => {
  const secrets = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 200 }),
    fc.string().map((text) => Buffer.from(`${text}\uFFFD`)),
  );
  fc.assert(
    fc.property(secrets, (secret) => {
      assert.is(digest(signingKey(secret)), digest(createSecretKey(secret)));
    }),
  );
});

test('a broken character in a secret is not the replacement character', () => {
  assert.is.not(digest(signingKey(Buffer.from([0xff]))), digest(signingKey(Buffer.from('\uFFFD'))));
  assert.is.not(digest(signingKey(Buffer.from([0xff]))), digest(signingKey(Buffer.from([0xfe]))));
});

test.run();
