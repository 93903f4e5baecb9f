/**
 * CXone calls from outside: a real handler, a fake CXone over TLS, both grants, every method, the answer and the audit row.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cxoneActions, cxoneEnv, cxoneTenant } from '../services/cxone-tenant.ts';
import { prepareDatabase } from '../services/database.ts';
import { fakeTenantId, startFakeCxone } from '../services/fake-cxone.ts';
import { startHandler } from '../services/handler.ts';
import { metric } from '../services/metric.ts';
import { startPostgres } from '../services/postgres.ts';
import { assertProblem } from '../services/problem.ts';

const fake = await startFakeCxone();
const postgres = await startPostgres();
const database = await prepareDatabase(postgres);
const clientCredentials = {
  cxone: {
    grant: 'ClientCredentials',
    tokenUrl: `${fake.origin}/oauth2/token`,
    apiBase: `${fake.origin}/base/`,
    scopes: ['a', 'b'],
  },
};
const handler = await startHandler({ DATABASE_URL: database.url, ...cxoneEnv(fake) }, [
  cxoneTenant(fake),
  cxoneTenant(fake, 'globex', clientCredentials),
  cxoneTenant(fake, 'reads', { audit: 'DatabaseReads' }),
]);
await handler.ready();

const ask = (action: string, input: object = {}, tenantId = 'acme') =>
  handler.ask(tenantId, input, { action, context: { contact_id: 'c1' } });

const lookup = {
  name: 'find',
  input: [{ name: 'ids', type: 'String', list: true }],
  lookup: {
    statement: "SELECT k AS id FROM unnest($2) AS k WHERE $1 <> ''",
    parameters: ['tenant_id', 'ids'],
    keys: 'ids',
    keyColumn: 'id',
    output: 'found',
  },
};

test('grant Password: discovery, a token, the call, the answer', async () => {
  const answer = await ask('get_contact', { contact_id: '4711', fields: 'a b' });
  assert.is(answer.text, '{"output":{"contact":{"method":"GET","path":"/services/v31.0/contacts/4711?fields=a%20b"}}}');
  assert.is(answer.status, 200);
  assert.is(answer.headers['content-type'], 'application/json');
  assert.equal(
    fake.requests().map(({ path }) => path),
    [
      '/.well-known/openid-configuration',
      '/auth/token',
      `/.well-known/cxone-configuration?tenantId=${fakeTenantId}`,
      '/services/v31.0/contacts/4711?fields=a%20b',
    ],
  );
});

test('grant ClientCredentials: JSON to the declared URL, nothing discovered', async () => {
  const before = fake.requests('discovery').length;
  const answer = await ask('get_contact', { contact_id: '1' }, 'globex');
  assert.is(answer.text, '{"output":{"contact":{"method":"GET","path":"/base/services/v31.0/contacts/1"}}}');
  assert.is(fake.requests('discovery').length, before);
  const token = fake.requests('token').at(-1);
  assert.is(JSON.parse(token?.body ?? '').scope, 'a b');
});

test('one token serves all further calls, at once or not', async () => {
  const before = fake.requests('token').length;
  await Promise.all(Array.from({ length: 20 }, (_, n) => ask('get_contact', { contact_id: String(n) })));
  assert.is(fake.requests('token').length, before);
  const call = fake.requests('api').at(-1);
  assert.match(call?.headers.authorization ?? '', /^Bearer fake-token-1$/);
  assert.is(call?.headers.accept, 'application/json');
});

test('every method; inputs keep their types and digits, and what is not there is left out', async () => {
  const body = '{"action":"put_note","input":{"tenant_id":"acme","contact_id":9007199254740993,"note":"a \\"b\\""}}';
  const put = await handler.post('acme', body);
  assert.is(put.status, 200);
  const sent = fake.requests('api').at(-1);
  assert.is(sent?.method, 'PUT');
  assert.is(sent?.path, '/services/v31.0/contacts/9007199254740993/note');
  assert.is(sent?.body, '{"id":9007199254740993,"text":"note: a \\"b\\""}');
  assert.is(sent?.headers['content-type'], 'application/json');
  await ask('put_note', { contact_id: 1, note: 'n', tags: ['x', 'y'] });
  assert.is(fake.requests('api').at(-1)?.body, '{"id":1,"tags":["x","y"],"text":"note: n"}');
  for (const [action, method] of [
    ['signal', 'POST'],
    ['remove', 'DELETE'],
  ] as const) {
    assert.is((await ask(action)).status, 200);
    assert.is(fake.requests('api').at(-1)?.method, method);
  }
});

test("the API's JSON is passed on as it is; nothing is null", async () => {
  fake.next(
    'api',
    { status: 200, body: '{"id": 12345678901234567890123, "n": 1.10, "s": "\u2028ä"}' },
    { status: 204, headers: {} },
    { status: 202, headers: {}, body: '' },
  );
  assert.is(
    (await ask('get_contact', { contact_id: '1' })).text,
    '{"output":{"contact":{"id": 12345678901234567890123, "n": 1.10, "s": "\\u2028ä"}}}',
  );
  assert.is((await ask('remove')).text, '{"output":{"removed":null}}');
  assert.is((await ask('signal')).text, '{"output":{"signal":null}}');
});

test('an answer of 32 KB is given, one byte more is 422 and has no audit row', async () => {
  const frame = Buffer.byteLength('{"output":{"contact":""}}');
  const text = (bytes: number) => ({ status: 200, body: JSON.stringify('x'.repeat(bytes - frame)) });
  fake.next('api', text(32_768), text(32_769));
  const before = await database.auditRows();
  const fits = await ask('get_contact', { contact_id: '1' });
  assert.is(`${fits.status} ${Buffer.byteLength(fits.text)}`, '200 32768');
  assertProblem(await ask('get_contact', { contact_id: '1' }), 422, 'answer_too_large');
  assert.is(await database.auditRows(), before + 1);
});

test('values that would change the path are refused by name, and nothing is sent', async () => {
  const before = fake.requests().length;
  for (const contact_id of ['', '.', '..', '../admin', 'a/../../b']) {
    const answer = await ask('get_contact', { contact_id });
    assertProblem(answer, 400, 'invalid_request');
    assert.equal(answer.json.errors, [{ path: 'input.contact_id', expected: 'a value that can stand in a path' }]);
  }
  assert.is(fake.requests().length, before);
  const odd = await ask('get_contact', { contact_id: 'a/b?c#d%2e' });
  assert.match(odd.text, '/services/v31.0/contacts/a%2Fb%3Fc%23d%252e"');
});

test('a change whose answer is too large is a 422, and recorded', async () => {
  const before = await database.auditRows();
  fake.next('api', { status: 200, body: JSON.stringify('x'.repeat(32 * 1024)) });
  assertProblem(await ask('signal', {}), 422, 'answer_too_large');
  assert.is(await database.auditRows(), before + 1);
});

test('EveryRequest: one audit row, without keys, with the context; DatabaseReads: none', async () => {
  await database.sql('TRUNCATE audit_log');
  await ask('get_contact', { contact_id: '4711' });
  await ask('get_contact', { contact_id: '4711' }, 'reads');
  const rows = await database.sql('SELECT tenant_id, customer_ids, action, source, outcome, context FROM audit_log');
  const context = { contact_id: 'c1' };
  assert.equal(rows, [
    { tenant_id: 'acme', customer_ids: [], action: 'get_contact', source: 'cxone', outcome: 'answered', context },
  ]);
});

test('what happened is in the metrics and in the log', async () => {
  assert.is(await metric(handler, 'token_refresh_total', { result: 'success' }), 3);
  assert.ok(((await metric(handler, 'downstream_requests_total', { status: '2xx' })) ?? 0) > 25);
  assert.is(await metric(handler, 'breaker_state', { dependency: 'cxone' }), 0);
  assert.ok(((await metric(handler, 'request_duration_seconds_count', { action_kind: 'cxone' })) ?? 0) > 25);
  assert.match(handler.output(), '"source":"cxone"');
});

test('actions of both kinds live together', async () => {
  const both = { ...cxoneTenant(fake), spec: { cxone: { issuer: fake.origin }, actions: [cxoneActions[0], lookup] } };
  await handler.apply([both]);
  assert.is((await ask('get_contact', { contact_id: '1' })).status, 200);
  assert.is((await ask('find', { ids: ['a'] })).status, 200);
});

test('without the database: 503 where every request is audited, answers where none is', async () => {
  await handler.apply([cxoneTenant(fake), cxoneTenant(fake, 'reads', { audit: 'DatabaseReads' })]);
  await postgres.stop();
  assertProblem(await ask('get_contact', { contact_id: '1' }), 503, 'database_unavailable', true);
  assert.is((await ask('get_contact', { contact_id: '1' }, 'reads')).status, 200);
  const before = fake.requests('api').length;
  const answer = await ask('signal');
  assertProblem(answer, 502, 'cxone_failed');
  assert.is(answer.headers['retry-after'], undefined, 'nobody is told to send another one');
  assert.is(fake.requests('api').length, before + 1);
});

test.after(async () => {
  await handler.stop();
  await fake.close();
});
test.run();
