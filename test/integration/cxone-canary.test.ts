/**
 * Credentials, tokens, inputs and what CXone says come out nowhere they have no business, through every kind of answer and
 * fault, at log level debug. An API's JSON is in its own 200 and nowhere else.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createCanaries, everythingOf } from '../services/canary.ts';
import { cxoneEnv, cxoneTenant } from '../services/cxone-tenant.ts';
import { prepareDatabase } from '../services/database.ts';
import { type Behaviour, startFakeCxone } from '../services/fake-cxone.ts';
import { startHandler } from '../services/handler.ts';
import { startPostgres } from '../services/postgres.ts';

const canaries = createCanaries();
const credentials = {
  clientId: canaries.plant('client_id'),
  clientSecret: canaries.plant('client_secret'),
  accessKeyId: canaries.plant('access_key'),
  accessKeySecret: canaries.plant('access_secret'),
};
const tokenPrefix = canaries.plant('token');
const said = canaries.plant('said');
const value = canaries.plant('value');
const path = canaries.plant('path');

const fake = await startFakeCxone({ credentials, tokenPrefix });
const database = await prepareDatabase(await startPostgres());
const actions = [
  {
    name: 'call',
    input: [{ name: 'x', type: 'String' }],
    cxone: { method: 'PUT', path: `/${path}/{x}`, query: { q: '{x}' }, body: { x: '{x}' }, output: 'o' },
  },
];
const tenant = (tenantId: string, cxone: object = {}) => cxoneTenant(fake, tenantId, { actions, cxone });
const wrong = canaries.plant('wrong_secret');
const handler = await startHandler({ DATABASE_URL: database.url, LOG_LEVEL: 'debug', ...cxoneEnv(fake) }, [
  tenant('acme'),
  tenant('json', { grant: 'ClientCredentials', tokenUrl: `${fake.origin}/oauth2/token`, apiBase: fake.origin }),
  {
    ...tenant('wrong'),
    cxoneSecret: { 'client-id': wrong, 'client-secret': wrong, 'access-key-id': wrong, 'access-key-secret': wrong },
  },
  tenant('nowhere', { apiBase: `https://${path.replaceAll('_', '-')}.invalid` }),
  tenant('inside', { apiBase: 'https://127.0.0.1:1' }),
]);
await handler.ready();

const ask = (tenantId = 'acme') =>
  handler.ask(tenantId, { x: value }, { action: 'call', headers: { 'X-Timeout-Ms': '2000' } });
const isSilent = async (tenantId?: string): Promise<number> => {
  const answer = await ask(tenantId);
  canaries.assertAbsent(everythingOf(answer), `the answer ${answer.status}`);
  canaries.assertAbsent(handler.output(), 'the log');
  return answer.status;
};

test('a call that is answered', async () => {
  for (const tenantId of ['acme', 'json']) {
    fake.next('api', { status: 200, body: JSON.stringify({ said }) });
    const answer = await ask(tenantId);
    assert.is(answer.text, `{"output":{"o":{"said":"${said}"}}}`);
    canaries.assertAbsent(JSON.stringify(answer.headers), 'the headers');
  }
  await canaries.assertSilent(handler);
});

const reply = (status: number, headers = {}): Behaviour => ({ status, headers, body: JSON.stringify({ error: said }) });
const faults: Readonly<Record<string, readonly Behaviour[]>> = {
  '400': [reply(400, { 'X-Said': said })],
  '401 twice': [reply(401, { 'WWW-Authenticate': `Bearer error="${said}"` }), reply(401)],
  '429': [reply(429, { 'Retry-After': said }), reply(429, { 'Retry-After': '60' })],
  '5xx': Array(4).fill(reply(500)),
  'a redirect': [reply(302, { Location: `https://${said}.example.com/` })],
  garbage: [{ status: 200, body: said }],
  'another content type': [{ status: 200, headers: { 'Content-Type': said }, body: said }],
  'a broken connection': Array(4).fill('reset'),
  'no answer': ['hold'],
};
for (const [what, behaviours] of Object.entries(faults)) {
  test(`a fault of the API: ${what}`, async () => {
    fake.next('api', ...behaviours);
    await isSilent();
  });
}

test('faults on the way to it: a name that does not exist, a port that is closed', async () => {
  for (const tenantId of ['nowhere', 'inside']) assert.is(await isSilent(tenantId), 503);
});

test('credentials that CXone refuses, and a token endpoint that talks', async () => {
  assert.is(await isSilent('wrong'), 502);
  await handler.apply([tenant('acme', { requestsPerSecond: 7 })]);
  for (const behaviour of [
    reply(400),
    { status: 200, body: JSON.stringify({ access_token: `${said}\n`, [said]: said }) },
  ]) {
    fake.next('token', behaviour);
    await isSilent();
  }
  fake.next('discovery', { status: 200, body: JSON.stringify({ token_endpoint: `http://${said}` }) });
  await handler.apply([tenant('acme', { requestsPerSecond: 8 })]);
  assert.is(await isSilent(), 502);
});

test('a declaration that is refused says nothing of its secrets', async () => {
  const [report] = await handler.configure([
    { ...tenant('acme'), spec: { ...tenant('acme').spec, webhook: { scheme: 'Bearer' } } },
  ]);
  canaries.assertAbsent(JSON.stringify(report), 'the report');
});

test('nothing of it all is in the log, the metrics or the admin pages, to the end', async () => {
  await canaries.assertSilent(handler);
  await handler.stop();
  canaries.assertAbsent(handler.output(), 'the log');
  assert.match(handler.output(), 'cxone token not refreshed');
  assert.match(handler.output(), 'stopped');
});

test.after(async () => {
  await handler.stop();
  await fake.close();
});
test.run();
