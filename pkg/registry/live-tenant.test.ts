import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bundleTenants } from '../../test/services/registry.ts';
import { signedRequest } from '../../test/services/signed-request.ts';
import { type WebhookScheme, webhookSchemes } from '../tenant/webhook-spec.ts';
import { signatureSchemes } from '../webhook/schemes.ts';
import { verifySignature } from '../webhook/verify.ts';
import { compileKeyRing } from './live-tenant.ts';

/** Base64 of 18 bytes: a key of every scheme. */
const secrets = ['bmV3ZXN0IGtleSBvZiBhY21l', 'YSBrZXkgb2YgYWNtZSBiZWZv'];
const tenantOf = (scheme: WebhookScheme, spec: object = {}) => {
  const [tenant] = bundleTenants([{ tenantId: 'acme', secrets, spec: { webhook: { scheme }, ...spec } }]);
  if (!tenant) throw new Error('no tenant');
  return tenant;
};
const withKeys = (scheme: WebhookScheme, keys: readonly string[]) => {
  const tenant = tenantOf(scheme);
  return { ...tenant, webhook: { ...tenant.webhook, keys: keys.map((key) => Buffer.from(key).toString('base64')) } };
};

test('there is a scheme for every name a DataActionConfig may say, and for no other', () => {
  assert.equal(Object.keys(signatureSchemes), [...webhookSchemes]);
});

test('tenants whose webhooks say the same share what they say, and nobody else does', () => {
  const optionsOf = (header: string) => {
    const ring = compileKeyRing(tenantOf('HmacBody', { webhook: { scheme: 'HmacBody', header } }));
    return ring.ok ? ring.value?.options : undefined;
  };
  assert.is(optionsOf('x-one'), optionsOf('x-one'));
  assert.equal([optionsOf('x-one')?.header, optionsOf('x-two')?.header], ['x-one', 'x-two']);
  assert.equal(optionsOf('X-One')?.header, 'x-one');
});

for (const scheme of webhookSchemes) {
  test(`${scheme}: both keys of a tenant verify, newest first`, () => {
    const ring = compileKeyRing(tenantOf(scheme));
    if (!ring.ok || !ring.value) throw new Error('no key ring');
    assert.is(ring.value.keys.length, 2);
    const body = Buffer.from('{}');
    for (const [index, secret] of secrets.entries()) {
      const key = signatureSchemes[scheme].parseKey(Buffer.from(secret), '');
      if (!key.ok) throw new Error('no key');
      const headers = signatureSchemes[scheme].sign(ring.value.options, key.value, body, 1_700_000_000);
      const verification = verifySignature(ring.value, signedRequest(headers, body, 1_700_000_000));
      assert.is(verification.ok && verification.keyIndex, index);
    }
  });
}

test('a suspended tenant has no key ring, whatever its keys are', () => {
  assert.equal(compileKeyRing({ ...withKeys('Bearer', ['no token\n']), suspend: true }), {
    ok: true,
    value: undefined,
  });
});

test('secrets that cannot be keys of the scheme refuse all of them, each by its place and without its value', () => {
  const [good = ''] = secrets;
  for (const scheme of ['StandardWebhooks', 'Bearer'] as const) {
    const ring = compileKeyRing(withKeys(scheme, ['not a key of it\n', good, 'nor is this one\n']));
    assert.not(ring.ok);
    const problems = ring.ok ? [] : ring.problems;
    assert.equal(
      problems.map(({ path }) => path),
      ['spec.webhook.secretRefs[0]', 'spec.webhook.secretRefs[2]'],
    );
    for (const { expected } of problems) assert.match(expected, `scheme ${scheme}`);
    assert.not.match(JSON.stringify(problems), 'not a key');
  }
});

test.run();
