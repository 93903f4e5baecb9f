import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Headers, signedRequest } from '../../test/services/signed-request.ts';
import { webhookLimits } from '../process/limits.ts';
import { hmacKey } from './hmac.ts';
import type { SchemeOptions, SigningKey } from './signature.ts';
import { standardWebhooks } from './standard-webhooks.ts';

const options: SchemeOptions = { header: 'x-cxone-signature', encoding: 'Hex', toleranceSeconds: 300 };
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const body = Buffer.from('{"test": 2432232314}');
const signedAt = 1_614_265_330;
const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
/** Of the specification's test vector. */
const signature = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';
const good: Headers = { 'webhook-id': id, 'webhook-timestamp': String(signedAt), 'webhook-signature': signature };

const keyOf = (text: string): SigningKey => {
  const key = standardWebhooks.parseKey(Buffer.from(text), 'secret');
  if (!key.ok) throw new Error('no key');
  return key.value;
};
const keys = [keyOf(secret)];
const verify = (headers: Readonly<Record<string, string | undefined>>, now = signedAt, bytes: Uint8Array = body) =>
  standardWebhooks.verify(options, keys, signedRequest({ ...good, ...headers }, bytes, now));
const matched = { ok: true, keyIndex: 0, messageId: id };
const refused = (reason: string) => ({ ok: false, reason });
const signatures = (list: string) => verify({ 'webhook-signature': list });

test("the specification's own vector is signed and verified", () => {
  assert.equal(verify({}), matched);
  assert.equal(standardWebhooks.sign({ ...options, messageId: id }, keyOf(secret), body, signedAt), good);
});

const message = fc.record({
  secret: fc
    .uint8Array({ minLength: 16, maxLength: 96 })
    .map((bytes) => `whsec_${Buffer.from(bytes).toString('base64')}`),
  messageId: fc.stringMatching(/^[!-~]{1,255}$/),
  text: fc.json(),
});

test('what the reference library signs is verified', () => {
  fc.assert(
    fc.property(message, (it) => {
      const value = new Webhook(it.secret).sign(it.messageId, new Date(signedAt * 1_000), it.text);
      const headers = { ...good, 'webhook-id': it.messageId, 'webhook-signature': value };
      const request = signedRequest(headers, Buffer.from(it.text), signedAt);
      const verification = standardWebhooks.verify(options, [keyOf(it.secret)], request);
      assert.equal(verification, { ok: true, keyIndex: 0, messageId: it.messageId });
    }),
  );
});

test('the reference library verifies what is signed here', () => {
  fc.assert(
    fc.property(message, (it) => {
      // The library has no other clock.
      const now = Math.floor(Date.now() / 1_000);
      const headers = standardWebhooks.sign(
        { ...options, messageId: it.messageId },
        keyOf(it.secret),
        Buffer.from(it.text),
        now,
      );
      new Webhook(it.secret).verify(it.text, { ...headers });
    }),
  );
});

test('a secret is taken as the reference library takes it: prefix and padding may lack', () => {
  const bare = Buffer.from('0123456789abcdefg').toString('base64');
  for (const text of [bare, `whsec_${bare}`, bare.replace(/=+$/, ''), secret]) {
    const headers = standardWebhooks.sign({ ...options, messageId: id }, keyOf(text), body, signedAt);
    assert.is(headers['webhook-signature'], new Webhook(text).sign(id, new Date(signedAt * 1_000), body.toString()));
  }
});

const sixteen = Buffer.alloc(16, 7).toString('base64');
const noKeys: Readonly<Record<string, string>> = {
  empty: '',
  'the prefix alone': 'whsec_',
  'the prefix twice': `whsec_whsec_${sixteen}`,
  'another prefix': `whpk_${sixteen}`,
  'one byte short': `whsec_${Buffer.alloc(15, 7).toString('base64')}`,
  'a final newline': `whsec_${sixteen}\n`,
  'a space in front': ` whsec_${sixteen}`,
  'the URL alphabet': `whsec_${Buffer.alloc(24, 0xff).toString('base64url')}`,
  'wrong padding': `whsec_${sixteen.slice(0, -1)}`,
  'a cut-off byte': `whsec_${Buffer.alloc(18, 7).toString('base64')}A`,
  'plain words': 'a secret of at least sixteen bytes',
};
for (const [why, text] of Object.entries(noKeys)) {
  test(`a secret that is no key is named by its place and not shown: ${why}`, () => {
    const key = standardWebhooks.parseKey(Buffer.from(text), 'spec.webhook.secretRefs[1]');
    assert.not(key.ok);
    const [problem] = key.ok ? [] : key.problems;
    assert.is(problem?.path, 'spec.webhook.secretRefs[1]');
    assert.match(problem?.expected ?? '', 'at least 16 bytes');
    assert.not.match(JSON.stringify(problem), sixteen);
  });
}

test('a secret of 16 bytes is long enough, and its bytes are the key', () => {
  assert.equal(keyOf(`whsec_${sixteen}`), hmacKey(Buffer.alloc(16, 7)));
});

test('one of several signatures is enough, wherever it stands among those that are looked at', () => {
  const other = `v1,${Buffer.alloc(32, 1).toString('base64')}`;
  for (let place = 0; place < webhookLimits.signaturesMax; place += 1) {
    assert.equal(signatures([...Array(place).fill(other), signature, other].join(' ')), matched);
  }
  const late = [...Array(webhookLimits.signaturesMax).fill(other), signature].join(' ');
  assert.equal(signatures(late), refused('bad_signature'));
  assert.equal(signatures(Array(5_000).fill(other).join(' ')), refused('bad_signature'));
});

test('versions that are not known are passed over', () => {
  const digest = signature.slice('v1,'.length);
  for (const unknown of [`v1a,${digest}`, `v2,${digest}`, 'v2', 'v3,x,y', '', 'v1', 'v1,short']) {
    assert.equal(signatures(`${unknown} ${signature}`), matched, unknown);
    assert.equal(signatures(unknown), refused('bad_signature'), unknown);
  }
});

test('a repeated header verifies nothing, though each of its values would', () => {
  for (const name of Object.keys(good)) {
    assert.equal(verify({ [name]: `${good[name]}, ${good[name]}` }), refused('bad_signature'), name);
  }
  assert.equal(signatures(`v1,${Buffer.alloc(32, 1).toString('base64')}, ${signature}`), refused('bad_signature'));
});

test('any of the three headers can be the one that lacks', () => {
  for (const name of Object.keys(good)) assert.equal(verify({ [name]: undefined }), refused('missing_signature'), name);
});

test('the tolerance counts both ways, to the second, once the signature is right', () => {
  assert.equal(verify({}, signedAt + 300), matched);
  assert.equal(verify({}, signedAt - 300), matched);
  assert.equal(verify({}, signedAt + 301), refused('stale_timestamp'));
  assert.equal(verify({}, signedAt - 301), refused('stale_timestamp'));
  assert.equal(verify({}, signedAt + 301, Buffer.from('{}')), refused('bad_signature'));
});

const signedWith = (messageId: string) =>
  verify(standardWebhooks.sign({ ...options, messageId }, keyOf(secret), body, signedAt));

test('an id is 1 to 255 visible ASCII characters, whoever signed it', () => {
  for (const messageId of ['!', 'a.b', '~'.repeat(255)]) assert.equal(signedWith(messageId), { ...matched, messageId });
  for (const messageId of ['', 'a b', 'a\tb', '\u00e9', 'a'.repeat(256), 'a, a']) {
    assert.equal(signedWith(messageId), refused('bad_signature'), messageId.slice(0, 10));
  }
});

test('a message without an id gets one of its own', () => {
  const made = () => standardWebhooks.sign(options, keyOf(secret), body, signedAt);
  const first = made();
  assert.ok(verify(first).ok);
  assert.is.not(first['webhook-id'], made()['webhook-id']);
});

test.run();
