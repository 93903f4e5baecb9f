import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hmac, hmacKey } from './hmac.ts';

/** By node:crypto, whose key is the secret's bytes. */
const reference = (secret: Uint8Array, prefix: string, body: Uint8Array): string =>
  createHmac('sha256', secret).update(prefix).update(body).digest('hex');

/** Below, at and above a block of SHA-256, which is where a key is hashed. */
const secrets = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.constantFrom(0, 1, 63, 64, 65, 128, 1_000).map((length) => new Uint8Array(length).fill(0xa5)),
);
const prefixes = fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.constant('1700000000.'));
const bodies = fc.uint8Array({ maxLength: 400 });

test('is what node:crypto makes of the same secret, prefix and body', () => {
  fc.assert(
    fc.property(secrets, prefixes, bodies, (secret, prefix, body) => {
      assert.is(hmac(hmacKey(secret), prefix, body), reference(secret, prefix, body));
    }),
    { numRuns: 1_000 },
  );
});

test('a body of any length, and a short one after it, which finds nothing of it left', () => {
  const secret = Buffer.from('a secret of at least sixteen bytes');
  const key = hmacKey(secret);
  const lengths = [0, 1, 64 * 1_024, 72 * 1_024 - 64, 72 * 1_024 - 63, 1_024 * 1_024];
  for (const length of lengths) {
    for (const body of [Buffer.alloc(length, 'x'), Buffer.from('{}')]) {
      for (const prefix of ['', 'msg_1.1700000000.']) {
        assert.is(hmac(key, prefix, body), reference(secret, prefix, body), `${prefix}${length}`);
      }
    }
  }
});

test('text stands for its UTF-8, and a broken character is not the replacement character', () => {
  for (const text of ['Schlüssel 🔑', '\uFFFD', '\uFEFFkey\n', 'é'.repeat(40)]) {
    assert.equal(hmacKey(text), hmacKey(Buffer.from(text)));
  }
  assert.not.equal(hmacKey(Buffer.from([0xff])), hmacKey('\uFFFD'));
  assert.not.equal(hmacKey(Buffer.from([0xff])), hmacKey(Buffer.from([0xfe])));
});

test('a key keeps nothing of the buffer it was made from', () => {
  const secret = Buffer.from('a secret of at least sixteen bytes');
  const key = hmacKey(secret);
  const before = hmac(key, '', Buffer.from('{}'));
  secret.fill(0);
  assert.is(hmac(key, '', Buffer.from('{}')), before);
});

test.run();
