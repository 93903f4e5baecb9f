import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Headers, signedRequest } from '../../test/services/signed-request.ts';
import { hmacKey } from './hmac.ts';
import { hmacTimestampBody } from './hmac-timestamp-body.ts';
import type { SchemeOptions } from './signature.ts';

const toleranceSeconds = 300;
const options: SchemeOptions = { header: 'x-cxone-signature', encoding: 'Hex', toleranceSeconds };
const secret = hmacKey('a secret of at least sixteen bytes');
const body = Buffer.from('{"input":{"tenant_id":"acme"}}');
const signedAt = 1_700_000_000;

/** printf '%s' '1700000000.{"input":{"tenant_id":"acme"}}' | openssl dgst -sha256 -hmac 'a secret of at least sixteen bytes' */
const hexDigest = 'a45e2eb0711e6af961a243788d4f5b91c459320b4b74c4ef429468d07269a54a';
/** The same with `-binary | base64`. */
const base64Digest = 'pF4usHEeavlhokN4jU9bkcRZMgtLdMTvQpRo0HJppUo=';
const good: Headers = { 'x-cxone-timestamp': String(signedAt), 'x-cxone-signature': hexDigest };

const verify = (headers: Readonly<Record<string, string | undefined>>, now = signedAt, keys = [secret]) =>
  hmacTimestampBody.verify(options, keys, signedRequest({ ...good, ...headers }, body, now));
const matched = (keyIndex: number) => ({ ok: true, keyIndex });
const refused = (reason: string) => ({ ok: false, reason });

test("signs as openssl does, in the header and the encoding that are the tenant's", () => {
  assert.equal(hmacTimestampBody.sign(options, secret, body, signedAt), {
    'X-CXone-Timestamp': String(signedAt),
    'x-cxone-signature': hexDigest,
  });
  const other: SchemeOptions = { ...options, header: 'X-Other', encoding: 'Base64' };
  const headers = hmacTimestampBody.sign(other, secret, body, signedAt);
  assert.equal(headers, { 'X-CXone-Timestamp': String(signedAt), 'X-Other': base64Digest });
  const request = signedRequest(headers, body, signedAt);
  assert.equal(hmacTimestampBody.verify({ ...other, header: 'x-other' }, [secret], request), matched(0));
});

test('the signature has the forms of HmacBody', () => {
  for (const text of [hexDigest.toUpperCase(), `sha256=${hexDigest}`, ` ${hexDigest}`]) {
    assert.equal(verify({ 'x-cxone-signature': text }), matched(0), text);
  }
});

test('the tolerance counts both ways, to the second', () => {
  for (const apart of [0, 1, toleranceSeconds]) {
    assert.equal(verify({}, signedAt + apart), matched(0));
    assert.equal(verify({}, signedAt - apart), matched(0));
  }
  for (const apart of [toleranceSeconds + 1, signedAt]) {
    assert.equal(verify({}, signedAt + apart), refused('stale_timestamp'));
    assert.equal(verify({}, signedAt - apart), refused('stale_timestamp'));
  }
});

test('a wrong signature of a wrong time is a wrong signature', () => {
  const wrong = { 'x-cxone-signature': '0'.repeat(64) };
  assert.equal(verify(wrong), refused('bad_signature'));
  assert.equal(verify(wrong, signedAt + 10_000), refused('bad_signature'));
});

test('any key that made a signature of a wrong time makes it stale, the oldest too', () => {
  const keys = [
    ...['another key of the tenant', 'one more key of the tenant', 'and one more of it'].map(hmacKey),
    secret,
  ];
  assert.equal(verify({}, signedAt, keys), matched(3));
  assert.equal(verify({}, signedAt + 301, keys), refused('stale_timestamp'));
});

test('without signature or without timestamp there is none', () => {
  assert.equal(verify({ 'x-cxone-signature': undefined }), refused('missing_signature'));
  assert.equal(verify({ 'x-cxone-timestamp': undefined }), refused('missing_signature'));
});

test('a repeat within the tolerance is answered, as often as it comes', () => {
  for (let repeat = 0; repeat < 3; repeat += 1) assert.equal(verify({}, signedAt + repeat), matched(0));
});

const noTimes = ['', 'now', '-1', '+1700000000', '1.7e9', '1700000000.0', '0x6553f100', '17000000000', ' 1700000000'];
const times = [...noTimes, '1700000000 ', '1700000000, 1700000000', '١٧٠٠٠٠٠٠٠٠', 'Infinity', 'NaN', '9'.repeat(400)];

for (const time of times) {
  test(`a timestamp that is no whole number of seconds is refused, though signed: ${JSON.stringify(time).slice(0, 32)}`, () => {
    // Signed as the caller would, had it sent this.
    const signature = hmacTimestampBody.sign({ ...options }, secret, Buffer.concat([Buffer.from(`${time}.`), body]), 0);
    const headers = { 'x-cxone-timestamp': time, 'x-cxone-signature': signature['x-cxone-signature'] };
    assert.equal(verify(headers), refused('bad_signature'));
  });
}

test.run();
