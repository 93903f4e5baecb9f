/**
 * The table of statuses, from outside: which request gets which status and code, each in the one shape of a problem.
 *
 * also over docker
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { customerId, prepareDatabase } from '../services/database.ts';
import { startHandler } from '../services/handler.ts';
import { createHold, heldAction } from '../services/hold.ts';
import { startPostgres } from '../services/postgres.ts';
import { assertProblem } from '../services/problem.ts';
import { exchange, rawRequest } from '../services/raw-http.ts';

const postgres = await startPostgres();
const database = await prepareDatabase(postgres);
const hold = await createHold(postgres, database);
const failing = {
  ...heldAction('failing'),
  lookup: {
    ...heldAction().lookup,
    statement: "SELECT k AS id, 1 / (length(k) - length(k)) AS n FROM unnest($2) AS k WHERE $1 <> ''",
  },
};
const spec = { actions: [heldAction(), failing] };
const handler = await startHandler({ DATABASE_URL: database.url }, [
  { tenantId: 'acme' },
  { tenantId: 'custom', spec },
  { tenantId: 'hasty', spec: { ...spec, limits: { deadlineMilliseconds: 300 } } },
]);
await handler.ready();

const get = async (line: string) => {
  const [answer] = await exchange(handler.port, rawRequest(line, ['Connection: close']));
  assert.ok(answer, `no answer to ${line}`);
  return answer;
};

test('200: rows, also when some are missing', async () => {
  const answer = await handler.ask('acme', { customer_ids: [customerId(1), customerId(999_999)] });
  assert.is(answer.status, 200);
  assert.is(answer.headers['content-type'], 'application/json');
  assert.is(answer.headers['retry-after'], undefined);
  assert.ok(answer.headers['x-request-id']);
});

test('400 invalid_json: what is not UTF-8 JSON, whoever sends it', async () => {
  const bodies = ['', 'no json', '{"a":', '[1,]', "{'a':1}", Buffer.from([0x22, 0xc3, 0x28, 0x22]), 'NaN', '{}{}'];
  for (const body of bodies) assertProblem(await handler.post('acme', body), 400, 'invalid_json');
});

test('400 invalid_request: every problem by path, no value among them', async () => {
  const input = { tenant_id: 'acme', customer_ids: [customerId(1), 'secret-value', 7], extra: 'secret-value' };
  const body = { action: 'process_customer_batch', input, surplus: 'secret-value' };
  const answer = await handler.post('acme', JSON.stringify(body));
  assertProblem(answer, 400, 'invalid_request');
  assert.not.match(answer.text, 'secret-value');
  const { surplus: _, ...rest } = body;
  const inner = await handler.post('acme', JSON.stringify(rest));
  assertProblem(inner, 400, 'invalid_request');
  assert.equal(inner.json.errors, [
    { path: 'input.customer_ids[1]', expected: 'UUID' },
    { path: 'input.customer_ids[2]', expected: 'UUID' },
    { path: 'input.extra', expected: 'no such field' },
  ]);
});

test('400 invalid_request: an action that the tenant does not have, another tenant or not', async () => {
  for (const action of ['held', 'nothing', '', '__proto__', 'constructor']) {
    const answer = await handler.ask('acme', { customer_ids: [customerId(1)] }, { action });
    assertProblem(answer, 400, 'invalid_request');
  }
});

test('400 invalid_request: the first 20 problems of many', async () => {
  const answer = await handler.ask('acme', { customer_ids: Array.from({ length: 100 }, () => 'x') });
  assertProblem(answer, 400, 'invalid_request');
  assert.is(Array.isArray(answer.json.errors) && answer.json.errors.length, 20);
});

test('404 not_found: whatever else is asked for', async () => {
  for (const path of [
    '/',
    '/metrics',
    '/config',
    '/readyz',
    '/livez',
    '/data-action/x',
    '/data-actionx',
    '/data',
    '//',
  ]) {
    assertProblem(await get(`GET ${path} HTTP/1.1`), 404, 'not_found');
    assertProblem(await get(`POST ${path} HTTP/1.1`), 404, 'not_found');
  }
  for (const path of ['/%', '/%E0%A4%A', '/data-action%00', '/..%2f..%2fetc/passwd', '/?%ff', '*', 'http://[/x']) {
    const answer = await get(`GET ${path} HTTP/1.1`);
    assert.ok(answer.status === 404 || answer.status === 400, `${path}: ${answer.status}`);
    assert.is(answer.headers['content-type'], 'application/json');
  }
});

test('405 method_not_allowed: with the method that is', async () => {
  for (const method of ['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND', 'TRACE', 'QUERY']) {
    const answer = await get(`${method} /data-action HTTP/1.1`);
    assertProblem(answer, 405, 'method_not_allowed');
    assert.is(answer.headers.allow, 'POST', method);
  }
});

test('500 statement_failed: PostgreSQL refuses the declared statement at run time, and says nothing of it', async () => {
  const answer = await handler.ask('custom', { keys: ['canary'] }, { action: 'failing' });
  assertProblem(answer, 500, 'statement_failed');
  assert.not.match(answer.text, /canary|division|22012|SELECT/);
});

test("504 deadline_exceeded: at X-Timeout-Ms or the tenant's own deadline, whichever is earlier", async () => {
  await hold.hold();
  try {
    const requested = { action: 'held', headers: { 'X-Timeout-Ms': '300' } };
    const both = [
      handler.ask('custom', { keys: ['a'] }, requested),
      handler.ask('hasty', { keys: ['a'] }, { action: 'held' }),
    ];
    for (const answer of await Promise.all(both)) assertProblem(answer, 504, 'deadline_exceeded');
  } finally {
    await hold.letGo();
  }
  const longer = { action: 'held', headers: { 'X-Timeout-Ms': '60000' } };
  assert.is((await handler.ask('hasty', { keys: ['b'] }, longer)).status, 200);
});

test('an X-Timeout-Ms that is not a positive whole number is as if it were not there', async () => {
  for (const value of ['0', '-5', '1.5', 'soon', '', '1e9', '99999999999999999999', '0x10']) {
    const answer = await handler.ask('acme', { customer_ids: [customerId(2)] }, { headers: { 'X-Timeout-Ms': value } });
    assert.is(answer.status, 200, value);
  }
});

test('503 database_unavailable: with Retry-After, while PostgreSQL is away', async () => {
  await hold.close();
  await postgres.stop();
  const answer = await handler.ask('acme', { customer_ids: [customerId(3)] });
  assertProblem(answer, 503, 'database_unavailable', true);
});

test.after(() => handler.stop());
test.run();
