import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isAppError } from '../errors/app-error.ts';
import { idempotencyKeyOf } from './idempotency-key.ts';

const place = { tenantId: 'acme', action: 'pay' };
const keyOf = (idempotencyKey: string | undefined, body = '{}') =>
  idempotencyKeyOf({ idempotencyKey, rawBody: Buffer.from(body) }, place);

test('none was named, none is there', () => assert.is(keyOf(undefined), undefined));

test('takes visible ASCII up to its bound', () => {
  for (const key of ['a', '"quoted"', '~', 'k'.repeat(255)]) assert.is(keyOf(key)?.key, key);
});

test('refuses anything else without showing it', () => {
  for (const key of ['', ' ', ' a', 'a ', 'a b', 'k, k', 'a\tb', 'a\nb', 'ü', '\u0000', 'k'.repeat(256)]) {
    try {
      keyOf(key);
      assert.unreachable(JSON.stringify(key));
    } catch (error) {
      if (!isAppError(error, 'invalid_request')) throw error;
      assert.equal(error.details, [{ path: 'Idempotency-Key', expected: '1 to 255 visible ASCII characters' }]);
    }
  }
});

test('two bodies are the same when their bytes are', () => {
  assert.is(keyOf('k', '{}')?.bodyHash, keyOf('k', '{}')?.bodyHash);
  assert.is.not(keyOf('k', '{}')?.bodyHash, keyOf('k', '{ }')?.bodyHash);
  assert.is(keyOf('k', '{}')?.bodyHash.length, 64);
});

test.run();
