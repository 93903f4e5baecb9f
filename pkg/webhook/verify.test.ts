import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hmacBody } from './hmac-body.ts';
import type { SignedRequest } from './signature.ts';
import { type KeyRing, verifySignature } from './verify.ts';

const body = Buffer.from('{"input":{"tenant_id":"acme"}}');
const options = { header: 'x-cxone-signature', encoding: 'Hex', toleranceSeconds: 300 } as const;
const ring: KeyRing = { scheme: hmacBody, options, keys: ['the newest key', 'the one before'] };
const signatureBy = (key: string) => hmacBody.sign(options, key, body, 0)[options.header];

const requestWith = (
  signature: string | undefined,
): SignedRequest & { readonly taken: { body: number; header: number } } => {
  const taken = { body: 0, header: 0 };
  return {
    taken,
    header: (name) => {
      taken.header += 1;
      return name === options.header ? signature : undefined;
    },
    get body() {
      taken.body += 1;
      return body;
    },
    now: 0,
  };
};

test('a request of a tenant is verified by its scheme, with its keys', () => {
  assert.equal(verifySignature(ring, requestWith(signatureBy('the one before'))), { ok: true, keyIndex: 1 });
  assert.equal(verifySignature(ring, requestWith(signatureBy('no key of it'))), { ok: false, reason: 'bad_signature' });
});

test('a tenant that does not exist verifies nothing, whatever the signature', () => {
  for (const signature of [undefined, '', '0'.repeat(64), signatureBy('the newest key'), signatureBy('')]) {
    assert.equal(verifySignature(undefined, requestWith(signature)), { ok: false, reason: 'unknown_tenant' });
  }
});

test('a tenant that does not exist costs what a refused request of one that does costs', () => {
  for (const signature of [undefined, 'garbage', '0'.repeat(64), signatureBy('no key of it')]) {
    const [unknown, known] = [requestWith(signature), requestWith(signature)];
    verifySignature(undefined, unknown);
    verifySignature(ring, known);
    assert.equal(unknown.taken, known.taken);
    assert.ok(known.taken.body > 0);
  }
});

test.run();
