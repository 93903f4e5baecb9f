import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { signedRequest } from '../../test/services/signed-request.ts';
import { bearer } from './bearer.ts';
import { hmacKey } from './hmac.ts';
import type { SchemeOptions, SigningKey } from './signature.ts';

const options: SchemeOptions = { header: 'x-cxone-signature', encoding: 'Hex', toleranceSeconds: 300 };
const body = Buffer.from('{"input":{"tenant_id":"acme"}}');
const token = 'a-token/of~visible+ASCII=characters';
const previous = 'the-token-before';

const verify = (authorization: string | undefined, keys: readonly SigningKey[] = [token, previous]) =>
  bearer.verify(options, keys, signedRequest({ authorization }, body));
const matched = (keyIndex: number) => ({ ok: true, keyIndex });
const refused = (reason: string) => ({ ok: false, reason });

test('a token of the tenant verifies, and which one it was is told', () => {
  assert.equal(verify(`Bearer ${token}`), matched(0));
  assert.equal(verify(`Bearer ${previous}`), matched(1));
  const four = ['the-newest-of-four', 'the-second-of-four', 'the-third-of-four', 'the-oldest-of-four'];
  for (const [index, key] of four.entries()) assert.equal(verify(`Bearer ${key}`, four), matched(index));
});

test('sends what verifies', () => {
  assert.equal(bearer.sign(options, token, body, 0), { Authorization: `Bearer ${token}` });
});

test('the word Bearer is of any case, and any number of spaces follows it', () => {
  for (const text of [`bearer ${token}`, `BEARER ${token}`, `bEaReR   ${token}`])
    assert.equal(verify(text), matched(0));
});

const others: Readonly<Record<string, string>> = {
  'the token alone': token,
  'another scheme': `Basic ${token}`,
  'no token': 'Bearer',
  'an empty token': 'Bearer ',
  'no space': `Bearer${token}`,
  'a tab': `Bearer\t${token}`,
  'one character less': `Bearer ${token.slice(0, -1)}`,
  'one character more': `Bearer ${token}x`,
  'other letters': `Bearer ${token.toUpperCase()}`,
  'both tokens': `Bearer ${token} ${previous}`,
  'a repeated header': `Bearer ${token}, Bearer ${token}`,
  'a parameter more': `Bearer ${token}, x=y`,
  'a letter with the same low byte': `Bearer ${token.replace('a', '\u0161')}`,
  'far too much': `Bearer ${token.repeat(400)}`,
};
for (const [why, text] of Object.entries(others)) {
  test(`refuses ${why}`, () => assert.equal(verify(text), refused('bad_signature')));
}

test('no header is told apart from a wrong one, for the metrics', () => {
  assert.equal(verify(undefined), refused('missing_signature'));
});

test('without keys, or with one that is none of this scheme, nothing verifies', () => {
  for (const text of [undefined, 'Bearer', 'Bearer ', `Bearer ${token}`]) {
    assert.not(verify(text, []).ok);
    assert.not(verify(text, ['', hmacKey(token)]).ok);
  }
});

test('a key is visible ASCII alone; any other secret is named by its place and not shown', () => {
  assert.equal(bearer.parseKey(Buffer.from(token), 'x'), { ok: true, value: token });
  for (const text of [`${token}\n`, ` ${token}`, 'two words of a token', 'Schlüssel-des-Mandanten', `${token}\0`]) {
    const key = bearer.parseKey(Buffer.from(text), 'spec.webhook.secretRefs[1]');
    const [problem] = key.ok ? [] : key.problems;
    assert.is(problem?.path, 'spec.webhook.secretRefs[1]');
    assert.match(problem?.expected ?? '', 'visible ASCII');
    assert.not.match(JSON.stringify(problem), text.trim().slice(0, 8));
  }
});

test.run();
