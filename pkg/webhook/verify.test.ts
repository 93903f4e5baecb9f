import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type HmacWork, hmacFrameBytes, hmacWork } from '../../test/services/hmac-work.ts';
import { type Headers, signedRequest } from '../../test/services/signed-request.ts';
import { requestLimits, tenantLimits, webhookLimits } from '../process/limits.ts';
import { hmacKey } from './hmac.ts';
import { hmacBody } from './hmac-body.ts';
import { signatureSchemes } from './schemes.ts';
import type { SchemeOptions, SignatureScheme, SigningKey } from './signature.ts';
import { type KeyRing, verifySignature } from './verify.ts';

const body = Buffer.from('{"input":{"tenant_id":"acme"}}');
const now = 1_700_000_000;
const options: SchemeOptions = { header: 'x-cxone-signature', encoding: 'Hex', toleranceSeconds: 300 };

const acmes = ['the-newest-key-of-acme', 'the-one-before-of-acme'];
const keysOf = (scheme: SignatureScheme, texts: readonly string[]): readonly SigningKey[] =>
  texts.map((text) => (scheme.signsBody ? hmacKey(text) : text));
const ringOf = (scheme: SignatureScheme, texts: readonly string[] = acmes): KeyRing => ({
  scheme,
  options,
  keys: keysOf(scheme, texts),
});
const request = (headers: Headers) => signedRequest(headers, body, now);
const signedBy = (text: string, scheme: SignatureScheme = hmacBody, at = now): Headers => {
  const [key = ''] = keysOf(scheme, [text]);
  return scheme.sign({ ...options, messageId: 'msg_1' }, key, body, at);
};

test('a request of a tenant is verified by its scheme, with its keys', () => {
  for (const scheme of Object.values(signatureSchemes)) {
    const verify = (headers: Headers) => verifySignature(ringOf(scheme), request(headers));
    const verification = verify(signedBy('the-one-before-of-acme', scheme));
    assert.is(verification.ok && verification.keyIndex, 1);
    assert.equal(verify(signedBy('no-key-of-acme', scheme)), { ok: false, reason: 'bad_signature' });
    assert.equal(verify({}), { ok: false, reason: 'missing_signature' });
  }
});

test('the schemes whose callers name their messages pass the name on', () => {
  const named = Object.entries(signatureSchemes).flatMap(([name, scheme]) => {
    const verification = verifySignature(ringOf(scheme), request(signedBy('the-newest-key-of-acme', scheme)));
    return verification.ok && verification.messageId === 'msg_1' ? [name] : [];
  });
  assert.equal(named, ['StandardWebhooks', 'CxoneExpert']);
});

test('a tenant that does not exist verifies nothing, whatever the signature', () => {
  for (const headers of [{}, signedBy('the-newest-key-of-acme'), signedBy(''), { [options.header]: '0'.repeat(64) }]) {
    assert.equal(verifySignature(undefined, request(headers)), { ok: false, reason: 'unknown_tenant' });
  }
});

/** What one refusal computes. */
const workOf = (asked: KeyRing | undefined, headers: Headers): HmacWork =>
  hmacWork(() => assert.not(verifySignature(asked, request(headers)).ok));

const refusal = {
  digests: tenantLimits.webhookKeysMax,
  bytes: tenantLimits.webhookKeysMax * (hmacFrameBytes + body.length),
};
/** What is signed in front of the body is the caller's to make longer, up to a bound; nothing else is. */
const assertIsRefusal = ({ digests, bytes }: HmacWork): void => {
  const { messageIdCharactersMax, timestampDigitsMax } = webhookLimits;
  const prefixes = bytes - refusal.bytes;
  assert.is(digests, refusal.digests);
  assert.ok(prefixes >= 0 && prefixes <= digests * (messageIdCharactersMax + timestampDigitsMax + 2), `${prefixes}`);
};
const keyLists: readonly (readonly string[])[] = [
  [],
  ['first-key-of-some'],
  ['first-key-of-some', 'second-key-of-some'],
  ['first-key-of-some', 'second-key-of-some', 'third-key-of-some', 'fourth-key-of-some'],
];

for (const [name, scheme] of Object.entries(signatureSchemes)) {
  const wrong = signedBy('no-key-of-acme', scheme);
  const values = Object.entries(wrong);
  const presented: readonly Headers[] = [
    {},
    wrong,
    ...values.map(([header]) => Object.fromEntries(values.filter(([each]) => each !== header))),
    ...values.map(([header]) => ({ ...wrong, [header]: '' })),
    ...values.map(([header]) => ({ ...wrong, [header]: 'garbage' })),
    ...values.map(([header, value]) => ({ ...wrong, [header]: `${value}, ${value}` })),
    ...values.map(([header, value]) => ({ ...wrong, [header]: Array(100).fill(value).join(' ') })),
    Object.fromEntries(values.map(([header]) => [header, 'x'.repeat(requestLimits.headerBytesMax / 4)])),
  ];

  test(`${name}: every refusal computes what that of an unknown tenant does, whatever is wrong and however many keys`, () => {
    for (const headers of presented) {
      for (const keys of keyLists) {
        assertIsRefusal(workOf(ringOf(scheme, keys), headers));
      }
      assertIsRefusal(workOf(undefined, headers));
    }
  });

  test(`${name}: a right signature of a wrong time is refused at the same cost, whichever key made it`, () => {
    for (const keys of keyLists) {
      for (const key of keys) {
        const headers = signedBy(key, scheme, now - 301);
        const ring = ringOf(scheme, keys);
        if (!verifySignature(ring, request(headers)).ok) assertIsRefusal(workOf(ring, headers));
      }
    }
  });
}

test('an accepted request computes no more than its key asks for', () => {
  const accepted = (scheme: SignatureScheme, key: string) => {
    const [ring, signed] = [ringOf(scheme), request(signedBy(key, scheme))];
    return hmacWork(() => assert.ok(verifySignature(ring, signed).ok)).digests;
  };
  assert.is(accepted(hmacBody, 'the-newest-key-of-acme'), 1);
  assert.is(accepted(signatureSchemes.CxoneExpert, 'the-one-before-of-acme'), 2);
  assert.is(accepted(signatureSchemes.Bearer, 'the-newest-key-of-acme'), 0);
});

test.run();
