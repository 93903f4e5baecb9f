/**
 * `cxone-actions sign` as a process: for each scheme, what it prints verifies.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type WebhookScheme, webhookSchemes } from '../../pkg/tenant/webhook-spec.ts';
import { signatureSchemes } from '../../pkg/webhook/schemes.ts';
import { type Headers, signedRequest } from '../../test/services/signed-request.ts';
import { anySecret, createSigningFiles } from '../../test/services/signing-files.ts';

const files = createSigningFiles();
const secretFile = files.write('webhook.key', anySecret);
const body = '{"action":"get","input":{"tenant_id":"acme"}}';

const cli = (...args: readonly string[]) =>
  spawnSync(process.execPath, [join(import.meta.dirname, '../launch.mjs'), 'cli', ...args], {
    encoding: 'utf8',
    input: body,
  });

/** Header lines as they are pasted into a request. */
const sign = (...args: readonly string[]): Headers => {
  const { stdout, stderr, status } = cli('sign', ...args);
  assert.is(status, 0, stderr);
  return Object.fromEntries([...stdout.matchAll(/^([\w-]+): (.+)\n/gm)].map(([, name, value]) => [name, value]));
};

const verifies = (name: WebhookScheme, headers: Headers, header = 'x-cxone-signature'): boolean => {
  const scheme = signatureSchemes[name];
  const key = scheme.parseKey(Buffer.from(anySecret), '');
  const now = Math.floor(Date.now() / 1_000);
  const request = signedRequest(headers, Buffer.from(body), now);
  return key.ok && scheme.verify({ header, encoding: 'Hex', toleranceSeconds: 300 }, [key.value], request).ok;
};

for (const scheme of webhookSchemes) {
  test(`${scheme}: what is printed with --secret-file verifies`, () => {
    const headers = sign('--secret-file', secretFile, '--scheme', scheme, '--body', files.write('body.json', body));
    assert.ok(verifies(scheme, headers), JSON.stringify(headers));
  });

  test(`${scheme}: what is printed with --manifests verifies, standard input being the body`, () => {
    const headers = sign('-f', files.manifests(scheme), '-t', 'acme');
    assert.ok(verifies(scheme, headers, 'x-proof'), JSON.stringify(headers));
  });
}

test('wrong usage ends with 2 and one line that names the flag', () => {
  for (const args of [
    [],
    ['--scheme', 'Bearer ', '--secret-file', secretFile],
    ['--secret-file', files.path('none')],
  ]) {
    const { stdout, stderr, status } = cli('sign', ...args);
    assert.is(status, 2);
    assert.is(stdout, '');
    assert.match(stderr, /^cxone-actions: .*--(?:secret-file|scheme).*\n$/);
  }
});

test('without --scheme it is HmacBody; --help tells them all', () => {
  assert.ok(verifies('HmacBody', sign('--secret-file', secretFile)));
  const { stdout, status } = cli('sign', '--help');
  assert.is(status, 0);
  for (const scheme of webhookSchemes) assert.match(stdout, scheme);
});

test.run();
