import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hmacKey } from './hmac.ts';
import { hmacBody } from './hmac-body.ts';
import type { SchemeOptions, SigningKey, Verification } from './signature.ts';

const hex: SchemeOptions = { header: 'x-cxone-signature', encoding: 'Hex', toleranceSeconds: 300 };
const base64: SchemeOptions = { ...hex, encoding: 'Base64' };
const secret = hmacKey('a secret of at least sixteen bytes');
const body = Buffer.from('{"input":{"tenant_id":"acme"}}');

/** printf '%s' '{"input":{"tenant_id":"acme"}}' | openssl dgst -sha256 -hmac 'a secret of at least sixteen bytes' */
const hexDigest = 'bcfe32dffa54bd44d55651c8cb865f1ecf5947605bde2481a782c265d2529d88';
/** The same with `-binary | base64`. */
const base64Digest = 'vP4y3/pUvUTVVlHIy4ZfHs9ZR2Bb3iSBp4LCZdJSnYg=';

const verify = (
  signature: string | undefined,
  {
    options = hex,
    keys = [secret],
    bytes = body,
  }: { options?: SchemeOptions; keys?: readonly SigningKey[]; bytes?: Uint8Array } = {},
): Verification =>
  hmacBody.verify(options, keys, {
    header: (name) => (name === options.header ? signature : undefined),
    body: bytes,
    now: 0,
  });

const bad = { ok: false, reason: 'bad_signature' };
const matched = (keyIndex: number) => ({ ok: true, keyIndex });
const sign = (key: SigningKey, bytes: Uint8Array = body) => hmacBody.sign(hex, key, bytes, 0)[hex.header] ?? '';

test("accepts openssl's signature in every documented form", () => {
  for (const text of [
    hexDigest,
    hexDigest.toUpperCase(),
    `sha256=${hexDigest}`,
    `SHA256=${hexDigest}`,
    ` ${hexDigest}\t`,
  ]) {
    assert.equal(verify(text), matched(0), text);
  }
  assert.equal(verify(base64Digest, { options: base64 }), matched(0));
});

test('signs as openssl does', () => {
  assert.equal(hmacBody.sign(hex, secret, body, 0), { 'x-cxone-signature': hexDigest });
  assert.equal(hmacBody.sign(base64, secret, body, 0), { 'x-cxone-signature': base64Digest });
});

const refused: Readonly<Record<string, string>> = {
  'one hex digit short': hexDigest.slice(0, -1),
  'one byte short': hexDigest.slice(0, -2),
  'one hex digit long': `${hexDigest}0`,
  'cut by a character that is no hex': `${hexDigest.slice(0, 62)}zz`,
  'right at first, then garbage': `${hexDigest}zz`,
  'another prefix': `sha1=${hexDigest}`,
  'the prefix twice': `sha256=sha256=${hexDigest}`,
  'the prefix alone': 'sha256=',
  'two signatures in one header': `${hexDigest}, ${hexDigest}`,
  'base64 where hex is declared': base64Digest,
  'one bit wrong': hexDigest.replace(/^./, (digit) => (Number.parseInt(digit, 16) ^ 1).toString(16)),
  zeros: '0'.repeat(64),
  empty: '',
  'full-width digits': hexDigest.replace(/\d/, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
  'far too long': hexDigest.repeat(200),
};

for (const [why, text] of Object.entries(refused)) {
  test(`refuses a hex signature: ${why}`, () => assert.equal(verify(text), bad));
}

const refusedBase64: Readonly<Record<string, string>> = {
  'hex where base64 is declared': hexDigest,
  'without its padding': base64Digest.slice(0, -1),
  'of one byte less': Buffer.from(base64Digest, 'base64').subarray(1).toString('base64'),
  'with white space inside': `${base64Digest.slice(0, 20)} ${base64Digest.slice(20)}`,
  'in the URL alphabet': base64Digest.replaceAll('+', '-').replaceAll('/', '_'),
  'with the hex prefix': `sha256=${base64Digest}`,
};

for (const [why, text] of Object.entries(refusedBase64)) {
  test(`refuses a base64 signature ${why}`, () => assert.equal(verify(text, { options: base64 }), bad));
}

test('a header that is not there is told apart from a wrong one, for the metrics', () => {
  assert.equal(verify(undefined), { ok: false, reason: 'missing_signature' });
});

test('says which of 1 to 4 keys matched, 0 = newest', () => {
  const all = ['newest of four keys', 'second of four keys', 'third of four keys', 'oldest of four keys'].map(hmacKey);
  for (let count = 1; count <= all.length; count++) {
    const keys = all.slice(0, count);
    for (const [index, key] of keys.entries()) assert.equal(verify(sign(key), { keys }), matched(index));
    assert.equal(verify(sign(hmacKey('not one of them')), { keys }), bad);
  }
});

test('the newest of two equal keys counts', () =>
  assert.equal(verify(hexDigest, { keys: [secret, secret] }), matched(0)));

test('without keys nothing verifies, not even zeros or no header', () => {
  for (const text of [hexDigest, '0'.repeat(64), undefined]) assert.not(verify(text, { keys: [] }).ok);
});

test('a secret that is not UTF-8 verifies as its bytes', () => {
  /** printf '%s' '{"input":{"tenant_id":"acme"}}' | openssl dgst -sha256 -mac HMAC -macopt hexkey:fffe00010203040506070809deadbeef */
  const expected = '49c8e692126a2d6c0f76384f129e55aa17cd785407b6c7958d059a25d9d8be0a';
  const key = hmacKey(Buffer.from('fffe00010203040506070809deadbeef', 'hex'));
  assert.equal(verify(expected, { keys: [hmacKey('another key of the tenant'), key] }), matched(1));
  assert.equal(verify(expected, { keys: [hmacKey('\uFFFD')] }), bad);
});

test('the raw bytes are signed: what decodes to the same text is another body', () => {
  const replaced = Buffer.from('{"a":"\uFFFD"}');
  const broken = Buffer.from([...Buffer.from('{"a":"'), 0xff, ...Buffer.from('"}')]);
  assert.is(broken.toString(), replaced.toString());
  assert.equal(verify(sign(secret, replaced), { bytes: replaced }), matched(0));
  assert.equal(verify(sign(secret, replaced), { bytes: broken }), bad);
  assert.equal(verify(sign(secret, Buffer.from('{"a": 1}')), { bytes: Buffer.from('{"a":1}') }), bad);
});

test('an empty body has a signature too', () => {
  const empty = Buffer.alloc(0);
  assert.equal(verify(sign(secret, empty), { bytes: empty }), matched(0));
  assert.equal(verify(hexDigest, { bytes: empty }), bad);
});

test('a base64 signature has one form: other bits behind its last character are another text', () => {
  const last = 'ghij'.indexOf(base64Digest.at(-2) ?? '');
  for (const other of [...'ghij'].filter((_, at) => at !== last)) {
    const text = `${base64Digest.slice(0, -2)}${other}=`;
    assert.equal(Buffer.from(text, 'base64'), Buffer.from(base64Digest, 'base64'));
    assert.equal(verify(text, { options: base64 }), bad);
  }
});

test.run();
