import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Headers, signedRequest } from '../../test/services/signed-request.ts';
import { cxoneExpert } from './cxone-expert.ts';
import { hmacKey } from './hmac.ts';
import type { SchemeOptions } from './signature.ts';

const options: SchemeOptions = { header: 'x-cxone-signature', encoding: 'Hex', toleranceSeconds: 300 };
const secret = hmacKey('a secret of at least sixteen bytes');
const body = Buffer.from('{"input":{"tenant_id":"acme"}}');
const signedAt = 1_700_000_000;
/** printf '%s' '1700000000.{"input":{"tenant_id":"acme"}}' | openssl dgst -sha256 -hmac 'a secret of at least sixteen bytes' */
const hexDigest = 'a45e2eb0711e6af961a243788d4f5b91c459320b4b74c4ef429468d07269a54a';
const messageId = '5f0c8b3e-delivery';
const good: Headers = {
  'X-Nexus-Signature-256': `sha256=${hexDigest}`,
  'X-Nexus-Timestamp': String(signedAt),
  'X-Nexus-Delivery-Id': messageId,
};

const verify = (headers: Readonly<Record<string, string | undefined>>, now = signedAt) =>
  cxoneExpert.verify(
    options,
    [hmacKey('the newest key of the tenant'), secret],
    signedRequest({ ...good, ...headers }, body, now),
  );
const matched = { ok: true, keyIndex: 1, messageId };
const refused = (reason: string) => ({ ok: false, reason });

test('signs as openssl does and verifies it, whatever header and encoding are set to', () => {
  assert.equal(cxoneExpert.sign({ ...options, messageId }, secret, body, signedAt), good);
  assert.equal(cxoneExpert.sign({ ...options, encoding: 'Base64', messageId }, secret, body, signedAt), good);
  assert.equal(verify({}), matched);
});

test('the tolerance counts both ways, to the second, once the signature is right', () => {
  assert.equal(verify({}, signedAt + 300), matched);
  assert.equal(verify({}, signedAt - 300), matched);
  assert.equal(verify({}, signedAt + 301), refused('stale_timestamp'));
  assert.equal(verify({}, signedAt - 301), refused('stale_timestamp'));
  assert.equal(verify({ 'X-Nexus-Timestamp': String(signedAt + 1) }, signedAt + 1_000), refused('bad_signature'));
});

test('without signature or without timestamp there is none', () => {
  assert.equal(verify({ 'X-Nexus-Signature-256': undefined }), refused('missing_signature'));
  assert.equal(verify({ 'X-Nexus-Timestamp': undefined }), refused('missing_signature'));
});

for (const text of [
  hexDigest,
  `sha1=${hexDigest}`,
  `sha256=sha256=${hexDigest}`,
  'sha256=',
  '',
  `sha256= ${hexDigest}`,
]) {
  test(`a signature in another form is refused: ${text.slice(0, 20)}`, () => {
    assert.equal(verify({ 'X-Nexus-Signature-256': text }), refused('bad_signature'));
  });
}

test('a repeated signature or timestamp verifies nothing', () => {
  for (const name of ['X-Nexus-Signature-256', 'X-Nexus-Timestamp']) {
    assert.equal(verify({ [name]: `${good[name]}, ${good[name]}` }), refused('bad_signature'), name);
  }
});

test('a delivery id that is none is not there; it is not signed, so it cannot be wrong', () => {
  for (const id of [undefined, '', 'a b', '\u00e9', 'a'.repeat(256), `${messageId}, ${messageId}`]) {
    assert.equal(verify({ 'X-Nexus-Delivery-Id': id }), { ok: true, keyIndex: 1 }, id);
  }
  const longest = '~'.repeat(255);
  assert.equal(verify({ 'X-Nexus-Delivery-Id': longest }), { ...matched, messageId: longest });
});

test.run();
