/** The fake CXone beside the mock, from outside: who gets tokens of it, and what it prints of them. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type CommandLine, startCommandLine } from '../../../test/services/command-line.ts';
import { cxoneActions, secretFor } from '../../../test/services/cxone-tenant.ts';
import { type Mock, startMock, writeManifests } from '../../../test/services/mock.ts';
import { until } from '../../../test/services/until.ts';

const mocks: Mock[] = [];
const start = async (...args: readonly string[]): Promise<Mock> => {
  const mock = await startMock(...args);
  mocks.push(mock);
  return mock;
};
const children: CommandLine[] = [];
const begin = (...args: Parameters<typeof startCommandLine>): CommandLine => {
  const child = startCommandLine(...args);
  children.push(child);
  return child;
};
/** What a test that failed has left. */
test.after(async () => {
  for (const child of children) child.signal('SIGKILL');
  await Promise.all(mocks.map((mock) => mock.stop()));
});

const tokenOf = async (url: string, init: RequestInit): Promise<Record<string, unknown>> => {
  const answer = await fetch(url, { method: 'POST', ...init });
  return { status: answer.status, ...Object(await answer.json()) };
};
const both = (
  url: string,
  { clientId, clientSecret, accessKeyId, accessKeySecret }: Parameters<typeof secretFor>[0],
) => ({
  json: tokenOf(`${url}/oauth2/token`, {
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret }),
  }),
  form: tokenOf(`${url}/auth/token`, {
    headers: { Authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'password', username: accessKeyId, password: accessKeySecret }),
  }),
});
const known = {
  clientId: 'mock-client',
  clientSecret: 'mock-client-secret',
  accessKeyId: 'mock-access-key',
  accessKeySecret: 'mock-access-key-secret',
};

const expectTokens = async (url: string, credentials: typeof known, status: number): Promise<void> => {
  const { json, form } = both(url, credentials);
  for (const token of [await json, await form]) {
    assert.is(token.status, status);
    const headers = { Authorization: `Bearer ${String(token.access_token)}` };
    assert.is((await fetch(`${url}/services/v31.0/a?b=1`, { headers })).status, status);
  }
};

test('the fake CXone gives tokens for both grants to those it knows, and its API takes them', async () => {
  const mock = await start('-f', writeManifests([{ tenantId: 'acme' }]));
  await expectTokens(mock.cxoneUrl, known, 200);
  await expectTokens(mock.cxoneUrl, { ...known, clientSecret: 'wrong' }, 401);
  const discovery = await fetch(`${mock.cxoneUrl}/.well-known/openid-configuration`);
  assert.equal(await discovery.json(), { issuer: mock.cxoneUrl, token_endpoint: `${mock.cxoneUrl}/auth/token` });
  await mock.stop();
});

test("it knows the manifests' CXone Secrets, each tenant's, and prints none", async () => {
  const own = (tenantId: string) => ({
    clientId: `client-of-${tenantId}`,
    clientSecret: `client-secret-of-${tenantId}`,
    accessKeyId: `key-of-${tenantId}`,
    accessKeySecret: `key-secret-of-${tenantId}`,
  });
  const tenants = ['acme', 'globex'].map((tenantId) => ({
    tenantId,
    spec: { actions: cxoneActions, cxone: {} },
    cxoneSecret: secretFor(own(tenantId)),
  }));
  const manifests = writeManifests(tenants);
  const mock = await start('-f', manifests);
  for (const { tenantId } of tenants) await expectTokens(mock.cxoneUrl, own(tenantId), 200);
  await expectTokens(mock.cxoneUrl, known, 401);
  await expectTokens(mock.cxoneUrl, { ...own('acme'), accessKeyId: 'key-of-globex', clientSecret: 'wrong' }, 401);
  await mock.stop();
  const child = begin(['mock', '-f', manifests, '--port', '0', '--cxone-port', '0']);
  await until('what it prints', async () => assert.match(child.output(), 'Ctrl-C'));
  child.signal('SIGTERM');
  const { code, stdout } = await child.ended;
  assert.is(code, 0);
  assert.match(stdout, 'with the CXone Secret of acme, globex:');
  assert.not.match(stdout, /secret-of|client-of|key-of/);
});

test.run();
