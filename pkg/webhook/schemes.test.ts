/**
 * What holds for every scheme.
 */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { noOpenssl, opensslHmac } from '../../test/services/openssl.ts';
import { flipped, type Headers, signedRequest } from '../../test/services/signed-request.ts';
import { testUnless } from '../../test/services/test-unless.ts';
import { tenantLimits } from '../process/limits.ts';
import { signatureSchemes } from './schemes.ts';
import type { SchemeOptions, SignatureScheme, SigningKey } from './signature.ts';

const now = 1_700_000_000;
const options: SchemeOptions = { header: 'x-cxone-signature', encoding: 'Hex', toleranceSeconds: 300 };
const messageId = 'msg_1';
const schemes: readonly (readonly [string, SignatureScheme, SchemeOptions])[] = [
  ...Object.entries(signatureSchemes).map(([name, scheme]) => [name, scheme, options] as const),
  ['HmacBody in base64', signatureSchemes.HmacBody, { ...options, encoding: 'Base64' }],
  ['HmacTimestampBody in base64', signatureSchemes.HmacTimestampBody, { ...options, encoding: 'Base64' }],
];

/** A key of any scheme: base64 of its bytes, which is visible ASCII too. */
const secrets = fc.uint8Array({ minLength: 16, maxLength: 100 }).map((bytes) => Buffer.from(bytes).toString('base64'));
const keyOf = (scheme: SignatureScheme, secret: string): SigningKey => {
  const key = scheme.parseKey(Buffer.from(secret), 'secret');
  if (!key.ok) throw new Error('no key');
  return key.value;
};
const bodies = fc.uint8Array({ minLength: 1, maxLength: 200 });
/** Hex digits are, and the word Bearer. */
const isOfAnyCase = (name: string, at: number): boolean =>
  name === 'Bearer' ? at < name.length : !/base64|StandardWebhooks/.test(name);
const same = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();

for (const [name, scheme, schemeOptions] of schemes) {
  const sign = (key: SigningKey, body: Uint8Array): Headers =>
    scheme.sign({ ...schemeOptions, messageId }, key, body, now);
  const verify = (keys: readonly SigningKey[], headers: Partial<Headers>, body: Uint8Array) =>
    scheme.verify(schemeOptions, keys, signedRequest(headers, body, now));

  test(`${name}: what one of up to four keys signs is verified by it`, () => {
    const lists = fc.uniqueArray(secrets, { minLength: 1, maxLength: tenantLimits.webhookKeysMax });
    fc.assert(
      fc.property(lists, fc.nat(), bodies, (list, pick, body) => {
        const keys = list.map((secret) => keyOf(scheme, secret));
        const at = pick % keys.length;
        const [key = '', others] = [keys[at], keys.filter((_, place) => place !== at)];
        const verification = verify(keys, sign(key, body), body);
        assert.ok(verification.ok && verification.keyIndex === at);
        assert.not(verify(others, sign(key, body), body).ok);
      }),
    );
  });

  test(`${name}: a bit turned in anything that is signed, or in the signature, is refused`, () => {
    fc.assert(
      fc.property(secrets, bodies, fc.nat(), fc.nat(7), (secret, body, place, bit) => {
        const key = keyOf(scheme, secret);
        const headers = sign(key, body);
        for (const [header, value] of Object.entries(headers)) {
          const other = flipped(value, place % value.length, bit);
          const isSame = same(other, value) && isOfAnyCase(name, place % value.length);
          if (header === 'X-Nexus-Delivery-Id' || isSame) continue;
          assert.not(verify([key], { ...headers, [header]: other }, body).ok, `${header}: ${other}`);
        }
        const at = place % body.length;
        const otherBody = body.map((byte, index) => (index === at ? byte ^ (1 << bit) : byte));
        assert.is(verify([key], headers, otherBody).ok, !scheme.signsBody);
      }),
      { numRuns: 1_000 },
    );
  });

  test(`${name}: a header that is repeated, or not there, verifies nothing`, () => {
    const key = keyOf(scheme, 'YWFhYWFhYWFhYWFhYWFhYQ==');
    const body = Buffer.from('{}');
    const headers = sign(key, body);
    for (const header of Object.keys(headers).filter((each) => each !== 'X-Nexus-Delivery-Id')) {
      assert.not(verify([key], { ...headers, [header]: `${headers[header]}, ${headers[header]}` }, body).ok);
      const rest = Object.fromEntries(Object.entries(headers).filter(([each]) => each !== header));
      assert.equal(verify([key], rest, body), { ok: false, reason: 'missing_signature' });
    }
  });

  test(`${name}: headers of any kind are refused and never throw`, () => {
    const key = keyOf(scheme, 'YWFhYWFhYWFhYWFhYWFhYQ==');
    const parts = fc.constantFrom('v1,', 'sha256=', 'Bearer ', '1700000000', ', ', ' ', '.', 'a'.repeat(64));
    const values = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(parts).map((list) => list.join('')),
    );
    const names = Object.keys(sign(key, Buffer.from('{}')));
    const some = fc.record(Object.fromEntries(names.map((header) => [header, values])), { requiredKeys: [] });
    fc.assert(fc.property(some, bodies, (headers, body) => assert.not(verify([key], headers, body).ok)));
  });

  test(`${name}: a secret that cannot be a key is refused, any other is one, and none throws`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: tenantLimits.secretBytesMax }), (secret) => {
        const key = scheme.parseKey(secret, 'spec.webhook.secretRefs[0]');
        if (!key.ok) return assert.is(key.problems[0]?.path, 'spec.webhook.secretRefs[0]');
        const body = Buffer.from('{}');
        assert.is(verify([key.value], sign(key.value, body), body).ok, true);
      }),
    );
  });
}

/** What each scheme signs and in which form, as the README says. */
const signed: readonly (readonly [string, string, (digest: Buffer) => Headers])[] = [
  ['HmacBody', '', (digest) => ({ 'x-cxone-signature': digest.toString('hex') })],
  [
    'HmacTimestampBody',
    `${now}.`,
    (digest) => ({ 'x-cxone-signature': digest.toString('hex'), 'x-cxone-timestamp': `${now}` }),
  ],
  [
    'StandardWebhooks',
    `${messageId}.${now}.`,
    (digest) => ({
      'webhook-signature': `v1,${digest.toString('base64')}`,
      'webhook-id': messageId,
      'webhook-timestamp': `${now}`,
    }),
  ],
  [
    'CxoneExpert',
    `${now}.`,
    (digest) => ({ 'x-nexus-signature-256': `sha256=${digest.toString('hex')}`, 'x-nexus-timestamp': `${now}` }),
  ],
];
const withOpenssl = testUnless(noOpenssl);

for (const [name, prefix, headersOf] of signed) {
  const [, scheme] = schemes.find(([each]) => each === name) ?? [];

  withOpenssl(`${name}: what openssl signs is verified, with keys of any bytes`, () => {
    if (!scheme) throw new Error('no scheme');
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 100 }), bodies, (bytes, body) => {
        const secret = name === 'StandardWebhooks' ? Buffer.from(Buffer.from(bytes).toString('base64')) : bytes;
        const key = scheme.parseKey(secret, 'secret');
        const digest = opensslHmac(bytes, Buffer.concat([Buffer.from(prefix), body]));
        const request = signedRequest(headersOf(Buffer.from(digest, 'hex')), body, now);
        assert.ok(key.ok && scheme.verify(options, [key.value], request).ok);
      }),
      { numRuns: 10 },
    );
  });
}

test.run();
