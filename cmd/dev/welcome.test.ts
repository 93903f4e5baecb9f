import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hmacKey } from '../../pkg/webhook/hmac.ts';
import { hmacBody } from '../../pkg/webhook/hmac-body.ts';
import { exampleSecret, welcome } from './welcome.ts';

const secret = 'a-secret-of-the-example';
const urls = { url: 'http://127.0.0.1:8080', adminUrl: 'http://127.0.0.1:8081' };
const text = welcome({ ...urls, manifests: 'tenants.yaml', secret, hint: 'Edit it.' });

test('the printed request is signed with the secret, over the very bytes that are printed', () => {
  const [, signature = ''] = /-H '(X-CXone-Signature: [0-9a-f]{64})'/.exec(text) ?? [];
  const [, body = ''] = /-d '(.*)'/.exec(text) ?? [];
  const options = { header: 'X-CXone-Signature', encoding: 'Hex', toleranceSeconds: 300 } as const;
  const verification = hmacBody.verify(options, [hmacKey(secret)], {
    header: () => signature.split(': ')[1],
    body: Buffer.from(body),
    now: 0,
  });
  assert.ok(verification.ok);
});

test('it names the ports and the file, and never the secret', () => {
  for (const part of ['127.0.0.1:8080/data-action', '127.0.0.1:8081/config', '--manifests tenants.yaml']) {
    assert.match(text, part);
  }
  assert.not.match(text, secret);
});

test('manifests without the example get no request that would be refused', () => {
  const example = readFileSync(join(import.meta.dirname, '../../deploy/examples/quickstart.yaml'), 'utf8');
  assert.is(exampleSecret(example), 'for-demonstration-only-acme-webhook-key');
  for (const [from, to] of [
    ['scheme: HmacBody', 'scheme: Bearer'],
    ['tenantId: acme', 'tenantId: initech'],
    ['name: process_customer_batch', 'name: find'],
  ] as const) {
    assert.is(exampleSecret(example.replaceAll(from, to)), undefined, to);
  }
  const other = welcome({
    ...urls,
    manifests: 'tenants.yaml',
    secret: undefined,
    hint: 'Edit it.',
  });
  assert.match(other, '--manifests tenants.yaml --tenant ID');
  assert.not.match(other, 'acme');
});

test.run();
