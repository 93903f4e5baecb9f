/**
 * `cxone-actions send` as a process, to a server that verifies: for each scheme, what it posts is genuine.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type WebhookScheme, webhookSchemes } from '../../pkg/tenant/webhook-spec.ts';
import { signatureSchemes } from '../../pkg/webhook/schemes.ts';
import type { Verification } from '../../pkg/webhook/signature.ts';
import { anySecret, createSigningFiles } from '../../test/services/signing-files.ts';

const files = createSigningFiles();
const secretFile = files.write('webhook.key', anySecret);

let expected: { readonly scheme: WebhookScheme; readonly header: string } = { scheme: 'HmacBody', header: '' };
let received: { readonly body: string; readonly verification: Verification } | undefined;
const server = createServer(async (request, response) => {
  const scheme = signatureSchemes[expected.scheme];
  const key = scheme.parseKey(Buffer.from(anySecret), '');
  if (!key.ok) throw new Error('no key');
  const body = await buffer(request);
  const options = { header: expected.header, encoding: 'Hex', toleranceSeconds: 300 } as const;
  const verification = scheme.verify(options, [key.value], {
    header: (name) => request.headersDistinct[name]?.join(', '),
    body,
    now: Math.floor(Date.now() / 1_000),
  });
  received = { body: body.toString(), verification };
  const isLong = request.headers['idempotency-key'] === 'long';
  response.writeHead(verification.ok ? 200 : 401).end(isLong ? Buffer.alloc(1_048_577, 'x') : '{"output":{}}');
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const address = server.address();
const port = typeof address === 'object' ? address?.port : undefined;

const send = async (...args: readonly string[]) => {
  const launcher = join(import.meta.dirname, '../launch.mjs');
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(process.execPath, [launcher, 'cli', 'send', '--url', url, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { stdout, stderr, status };
};
const action = ['--action', 'get', '--input', '{"ids":[1]}'];

for (const scheme of webhookSchemes) {
  test(`${scheme}: what is posted is genuine, by manifests`, async () => {
    expected = { scheme, header: 'x-proof' };
    const { stdout, stderr, status } = await send('-f', files.manifests(scheme), '-t', 'acme', ...action);
    assert.is(status, 0, stderr);
    assert.is(stdout, '{"output":{}}\n');
    assert.is(received?.body, '{"action":"get","input":{"tenant_id":"acme","ids":[1]}}');
  });
}

test('a secret file, a scheme and a message id do as well, with a body as it is', async () => {
  expected = { scheme: 'StandardWebhooks', header: '' };
  const signer = ['--secret-file', secretFile, '--scheme', 'StandardWebhooks', '--message-id', 'msg_4711'];
  const { stderr, status } = await send(...signer, '--body', files.write('body.json', '{"a": 1}'));
  assert.is(status, 0, stderr);
  assert.equal(received, { body: '{"a": 1}', verification: { ok: true, keyIndex: 0, messageId: 'msg_4711' } });
});

test('an answer that is not 200 ends with 1, wrong usage with 2 and the flag', async () => {
  expected = { scheme: 'CxoneExpert', header: '' };
  assert.is((await send('--secret-file', secretFile, '-t', 'acme', ...action)).status, 1);
  const { stderr, status } = await send('--secret-file', secretFile, '-t', 'acme', ...action, '--message-id', 'msg_1');
  assert.is(status, 2);
  assert.match(stderr, '--message-id');
  const input = ['--action', 'get', '--input', '{"tenant_id":"globex"}'];
  const twice = await send('--secret-file', secretFile, '-t', 'acme', ...input);
  assert.equal([twice.status, twice.stderr], [2, 'cxone-actions: --input: --tenant gives tenant_id\n']);
});

test('an answer that is longer than any of the service is not printed', async () => {
  expected = { scheme: 'HmacBody', header: 'X-CXone-Signature' };
  const args = ['--secret-file', secretFile, '--tenant', 'acme', '--idempotency-key', 'long'];
  assert.equal(await send(...args, ...action), {
    stdout: '',
    stderr: `http://127.0.0.1:${port}: an answer longer than 1048576 bytes\n`,
    status: 1,
  });
});

test.after(() => void server.close());
test.run();
