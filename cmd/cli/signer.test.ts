/**
 * What the flags about signing mean. That a wrong one ends the process with 2 is in sign.test.ts.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { WebhookScheme } from '../../pkg/tenant/webhook-spec.ts';
import { signatureSchemes } from '../../pkg/webhook/schemes.ts';
import type { SchemeOptions, Verification } from '../../pkg/webhook/signature.ts';
import { signedRequest } from '../../test/services/signed-request.ts';
import { anySecret, createSigningFiles } from '../../test/services/signing-files.ts';
import { UsageError } from './flag.ts';
import { sign } from './sign.ts';
import { loadSigner, type SignerFlags } from './signer.ts';

const files = createSigningFiles();
const secretFile = files.write('webhook.key', anySecret);
const body = Buffer.from('{"action":"get","input":{"tenant_id":"acme"}}');
const now = 1_700_000_000;

/** Signs by the flags and verifies by the options. */
const signedBy = async (
  scheme: WebhookScheme,
  flags: SignerFlags,
  options: Partial<SchemeOptions> = {},
): Promise<Verification> => {
  const signer = await loadSigner({ 'secret-file': secretFile, scheme, ...flags });
  const key = signatureSchemes[scheme].parseKey(Buffer.from(anySecret), '');
  if (!key.ok) throw new Error('no key');
  const settings: SchemeOptions = { header: 'x-cxone-signature', encoding: 'Hex', toleranceSeconds: 0, ...options };
  return signatureSchemes[scheme].verify(settings, [key.value], signedRequest(signer(body, now), body, now));
};

for (const scheme of ['HmacBody', 'HmacTimestampBody'] as const) {
  test(`${scheme}: --header and --encoding are followed`, async () => {
    const flags = { header: 'X-Other', encoding: 'Base64' };
    assert.ok((await signedBy(scheme, flags, { header: 'x-other', encoding: 'Base64' })).ok);
  });
}

for (const scheme of ['StandardWebhooks', 'CxoneExpert'] as const) {
  test(`${scheme}: --message-id is sent; left out, each message has its own`, async () => {
    const idOf = (verification: Verification) => verification.ok && verification.messageId;
    assert.is(idOf(await signedBy(scheme, { 'message-id': 'msg_4711' })), 'msg_4711');
    const made = idOf(await signedBy(scheme, {}));
    assert.match(String(made), /^msg_./);
    assert.is.not(made, idOf(await signedBy(scheme, {})));
  });
}

const withSecret = ['--secret-file', secretFile];
const newline = files.write('newline.key', `${anySecret}\n`);
const hmacBody = files.manifests('HmacBody');
const ofManifests = ['-f', hmacBody, '-t', 'acme'];
/** The flag that is named, and what is wrong. */
const usage: Readonly<Record<string, readonly [string, readonly string[]]>> = {
  'no key at all': ['--secret-file', []],
  'both ways to a key': ['--manifests', [...withSecret, ...ofManifests]],
  'manifests without a tenant': ['--tenant', ['-f', hmacBody]],
  'a tenant that is not there': ['--tenant', ['-f', hmacBody, '-t', 'nobody']],
  'manifests that are not there': ['--manifests', ['-f', files.path('none.yaml'), '-t', 'acme']],
  'manifests that are none': ['--manifests', ['-f', files.write('broken.yaml', 'a: [b'), '-t', 'acme']],
  'a secret file that is not there': ['--secret-file', ['--secret-file', files.path('none.key')]],
  'a secret that the service refuses as too short': [
    '--secret-file',
    ['--secret-file', files.write('short.key', '15 bytes of key')],
  ],
  'a body that is not there': ['--body', [...withSecret, '--body', files.path('none.json')]],
  'a scheme that is none': ['--scheme', [...withSecret, '--scheme', 'hmacbody']],
  'a scheme of the language': ['--scheme', [...withSecret, '--scheme', 'constructor']],
  'a header that is none': ['--header', [...withSecret, '--header', 'X Y']],
  'an encoding that is none': ['--encoding', [...withSecret, '--encoding', 'hex']],
  'a scheme beside manifests': ['--scheme', [...ofManifests, '--scheme', 'Bearer']],
  'a header beside manifests': ['--header', [...ofManifests, '--header', 'X-Other']],
  'an encoding beside manifests': ['--encoding', [...ofManifests, '--encoding', 'Hex']],
  'a header where there is no choice': ['--header', [...withSecret, '--scheme', 'Bearer', '--header', 'X-Other']],
  'an encoding where there is no choice': [
    '--encoding',
    [...withSecret, '--scheme', 'CxoneExpert', '--encoding', 'Hex'],
  ],
  'a message id where there is none': ['--message-id', [...withSecret, '--message-id', 'msg_1']],
  'a message id that is none': ['--message-id', [...withSecret, '--scheme', 'CxoneExpert', '--message-id', 'a b']],
  'a message id that is empty': ['--message-id', [...withSecret, '--scheme', 'StandardWebhooks', '--message-id', '']],
  'no key of StandardWebhooks': ['--secret-file', ['--secret-file', newline, '--scheme', 'StandardWebhooks']],
  'no key of Bearer': ['--secret-file', ['--secret-file', newline, '--scheme', 'Bearer']],
  'an unknown flag': ['--surprise', [...withSecret, '--surprise', 'x']],
};

for (const [why, [flag, args]] of Object.entries(usage)) {
  test(`wrong usage names the flag and shows no secret: ${why}`, async () => {
    const error: unknown = await sign.run(args).catch((thrown: unknown) => thrown);
    if (!(error instanceof UsageError)) throw new Error(`no usage error but ${error}`);
    assert.match(error.message, flag);
    assert.not.match(error.message, anySecret);
  });
}

test('a tenant whose secret its scheme cannot use is told why', async () => {
  const flags = { manifests: files.manifests('Bearer', 'four words, no token'), tenant: 'acme' };
  const error: unknown = await loadSigner(flags).catch((thrown: unknown) => thrown);
  assert.match(String(error), /--tenant: .*spec\.webhook\.secretRefs\[0\]: expected a token of visible ASCII/);
});

test.run();
