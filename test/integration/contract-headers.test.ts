/**
 * What headers do: content types and encodings taken and refused, the request's id, the trace, and HTTP's own odd ones.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { customerId, prepareDatabase } from '../services/database.ts';
import { type Answer, startHandler } from '../services/handler.ts';
import { startPostgres } from '../services/postgres.ts';
import { assertProblem } from '../services/problem.ts';
import { exchange } from '../services/raw-http.ts';
import { until } from '../services/until.ts';

const postgres = await startPostgres();
const database = await prepareDatabase(postgres);
const handler = await startHandler({ DATABASE_URL: database.url });
await handler.ready();

const ask = (headers: Readonly<Record<string, string>>) =>
  handler.ask('acme', { customer_ids: [customerId(1)] }, { headers });

const only = async (text: string): Promise<Answer> => {
  const answers = await exchange(handler.port, text);
  const [answer] = answers;
  assert.ok(answer && answers.length === 1, `${answers.length} answers to ${text}`);
  return answer;
};

const taken = [
  'application/json',
  'Application/JSON',
  'application/json; charset=utf-8',
  'application/json;charset=UTF-8',
  'application/vnd.nice.action+json',
  'application/ld+json; profile="x"',
  'application/x-www-form-urlencoded',
  'application/x-www-form-urlencoded; charset=UTF-8',
  'text/plain',
  'text/plain; charset=utf-8',
];
const refused = [
  'application/xml',
  'text/html',
  'text/plainer',
  'application/jsonp',
  'application/json-seq',
  'multipart/form-data; boundary=x',
  'application/octet-stream',
  'application/+json',
  'json',
  'x application/json',
];

test('takes every content type that can carry JSON, a form label among them', async () => {
  for (const type of taken) assert.is((await ask({ 'Content-Type': type })).status, 200, type);
});

test('takes a body without a content type', async () => {
  const body = JSON.stringify({ action: 'x', input: { tenant_id: 'nobody' } });
  const head = `POST /data-action HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: ${body.length}`;
  assertProblem(await only(`${head}\r\n\r\n${body}`), 401, 'unauthenticated');
});

test('415: every other content type', async () => {
  for (const type of refused) assertProblem(await ask({ 'Content-Type': type }), 415, 'unsupported_media_type');
});

test('415: a compressed body, whatever it holds', async () => {
  for (const encoding of ['gzip', 'br', 'deflate', 'zstd', 'identity, gzip', 'GZIP'])
    assertProblem(await ask({ 'Content-Encoding': encoding }), 415, 'unsupported_media_type');
  assert.is((await ask({ 'Content-Encoding': 'identity' })).status, 200);
});

test('gives a fit X-Request-Id back, in answers and errors alike', async () => {
  for (const id of ['a', 'Abc-1.2_3:4', 'x'.repeat(128)]) {
    assert.is((await ask({ 'X-Request-Id': id })).headers['x-request-id'], id);
    const problem = await handler.post('acme', 'no json', { headers: { 'X-Request-Id': id } });
    assert.is(problem.json.requestId, id);
  }
  const notFound = await only('GET /x HTTP/1.1\r\nHost: t\r\nX-Request-Id: mine\r\nConnection: close\r\n\r\n');
  assert.is(notFound.json.requestId, 'mine');
});

test('makes one where the X-Request-Id is absent or unfit, another for each request', async () => {
  const unfit = ['', ' ', 'x'.repeat(129), 'a b', 'a"b', '{"a":1}', 'é', 'a,b', '<script>'];
  const answers = await Promise.all([ask({}), ...unfit.map((id) => ask({ 'X-Request-Id': id }))]);
  const ids = answers.map(({ headers }) => String(headers['x-request-id']));
  for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.is(new Set(ids).size, ids.length);
});

test('one log line for each request, with its trace', async () => {
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
  await ask({ 'X-Request-Id': 'traced', traceparent });
  await ask({ 'X-Request-Id': 'not-traced', traceparent: `00-${'0'.repeat(32)}-00f067aa0ba902b7-01` });
  await handler.post('acme', 'no json', { headers: { 'X-Request-Id': 'broken', traceparent } });
  const lines = await until('the log lines', async () => {
    const found = handler
      .output()
      .split('\n')
      .filter((line) => /"requestId":"(?:traced|not-traced|broken)"/.test(line))
      .map((line): Record<string, unknown> => JSON.parse(line));
    if (found.length < 3) throw new Error(`${found.length} lines`);
    return found;
  });
  const [traced, untraced, broken] = lines;
  assert.is(lines.length, 3);
  assert.is(traced?.traceId, traceId);
  for (const name of ['tenantId', 'action', 'status', 'durationMs', 'source'])
    assert.ok(traced && name in traced, name);
  assert.is(untraced?.traceId, undefined);
  assert.is(broken?.traceId, traceId);
  assert.is(broken?.code, 'invalid_json');
});

test('no answer may be kept by anyone on its way', async () => {
  assert.is((await ask({})).headers['cache-control'], 'no-store');
});

test('HEAD is a method that is not allowed, and has no body', async () => {
  const text = await only('HEAD /data-action HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n').catch(() => undefined);
  assert.is(text, undefined, 'its Content-Length speaks of a body that is not there');
  assert.is((await ask({})).status, 200);
});

test('a request without Host is refused in JSON', async () => {
  assertProblem(await only('POST /data-action HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}'), 400, 'invalid_request');
});

test('an Expect that nobody can meet is not a reason to answer in anything but JSON', async () => {
  const head = 'POST /data-action HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Length: 2';
  assertProblem(await only(`${head}\r\nExpect: 100-continue\r\n\r\n{}`), 401, 'unauthenticated');
  assertProblem(await only(`${head}\r\nExpect: a-miracle\r\n\r\n{}`), 401, 'unauthenticated');
});

test('an upgrade that nobody offers is not a reason either', async () => {
  const head = 'POST /data-action HTTP/1.1\r\nHost: t\r\nConnection: close, upgrade\r\nContent-Length: 2';
  for (const protocol of ['websocket', 'h2c'])
    assertProblem(await only(`${head}\r\nUpgrade: ${protocol}\r\n\r\n{}`), 401, 'unauthenticated');
});

test.after(() => handler.stop());
test.run();
