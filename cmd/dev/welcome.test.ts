import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hmacKey } from '../../pkg/webhook/hmac.ts';
import { hmacBody } from '../../pkg/webhook/hmac-body.ts';
import { loadDevSettings } from './dev-settings.ts';
import { exampleSecret, welcome } from './welcome.ts';

const secret = 'a-secret-of-the-example';
const text = welcome({ port: 8080, adminPort: 8081, manifests: 'tenants.yaml', secret, hint: 'Edit it.' });

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
    port: 8080,
    adminPort: 8081,
    manifests: 'tenants.yaml',
    secret: undefined,
    hint: 'Edit it.',
  });
  assert.match(other, '--manifests tenants.yaml --tenant ID');
  assert.not.match(other, 'acme');
});

test('settings: what is named counts, an empty variable is none, the rest has its place in the project', () => {
  const named = loadDevSettings({ DATABASE_URL: 'postgres://x', DATA_DIR: '/d', MANIFESTS: '/m' });
  assert.equal(named, { databaseUrl: 'postgres://x', dataDir: '/d', manifests: '/m', cluster: undefined });
  const cluster = loadDevSettings({ KUBECONFIG: '/k', WATCH_NAMESPACE: 'ns' }, ['--cluster']).cluster;
  assert.equal(cluster, { kubeconfig: '/k', namespace: 'ns' });
  assert.match(loadDevSettings({}, ['--cluster']).cluster?.kubeconfig ?? '', /\/\.kube\/config$/);
  const left = loadDevSettings({ DATABASE_URL: '' });
  assert.is(left.databaseUrl, undefined);
  assert.match(left.dataDir, /\/\.data$/);
  assert.match(left.manifests, /deploy\/examples\/quickstart\.yaml$/);
});

test.run();
