/**
 * How slow a request may be: whoever does not come to an end is answered and cut off, and holds up nobody.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { customerId, prepareDatabase } from '../services/database.ts';
import { type Answer, startHandler } from '../services/handler.ts';
import { metric } from '../services/metric.ts';
import { startPostgres } from '../services/postgres.ts';
import { assertProblem } from '../services/problem.ts';
import { openRaw, rawRequest } from '../services/raw-http.ts';

const postgres = await startPostgres();
const database = await prepareDatabase(postgres);
const handler = await startHandler({ DATABASE_URL: database.url, BODY_TIMEOUT_MS: '2000' });
await handler.ready();

const line = 'POST /data-action HTTP/1.1';

const cutOff = async (...parts: readonly string[]): Promise<Answer> => {
  const connection = await openRaw(handler.port);
  for (const part of parts) connection.send(part);
  const [answer] = await connection.closed;
  assert.ok(answer);
  return answer;
};

const order: string[] = [];
const noted = async (name: string, cut: Promise<Answer>): Promise<Answer> => {
  const answer = await cut;
  order.push(name);
  return answer;
};

test('an unfinished body is cut off at the body time-out or at X-Timeout-Ms, unfinished headers at theirs', async () => {
  const [headers, body, hasty, chunked] = await Promise.all([
    noted('headers', cutOff(`${line}\r\nHost: t\r\nX-Slow: `)),
    noted('body', cutOff(rawRequest(line, ['Content-Length: 100'], '{"action":'))),
    noted('hasty', cutOff(rawRequest(line, ['Content-Length: 100', 'X-Timeout-Ms: 100'], '{"action":'))),
    noted('chunked', cutOff(rawRequest(line, ['Transfer-Encoding: chunked'], '5\r\n{"act\r\n'))),
    (async () => {
      assert.is((await handler.ask('acme', { customer_ids: [customerId(1)] })).status, 200);
      order.push('honest');
    })(),
  ]);
  for (const answer of [headers, body, hasty, chunked]) assertProblem(answer, 504, 'deadline_exceeded');
  assert.equal([order[0], order[1], order.at(-1)], ['honest', 'hasty', 'headers']);
  assert.is(await metric(handler, 'requests_total', { tenant_id: 'none', status: '504' }), 4);
});

test('a connection on which nothing is ever said is ended at the time-out for headers, and is no request', async () => {
  assertProblem(await cutOff(), 504, 'deadline_exceeded');
  assert.is(await metric(handler, 'requests_total', { tenant_id: 'none', status: '504' }), 4);
});

test('a body that comes in pieces, but in time, is read', async () => {
  const body = JSON.stringify({ action: 'x', input: { tenant_id: 'nobody' } });
  const connection = await openRaw(handler.port);
  connection.send(rawRequest(line, [`Content-Length: ${body.length}`, 'Connection: close']));
  for (const byte of body) {
    connection.send(byte);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const [answer] = await connection.closed;
  assert.ok(answer);
  assertProblem(answer, 401, 'unauthenticated');
});

test('a caller that goes away in the middle is nobody to answer, and leaves nothing behind', async () => {
  const connections = await Promise.all(Array.from({ length: 50 }, () => openRaw(handler.port)));
  for (const connection of connections) {
    connection.send(rawRequest(line, ['Content-Length: 100'], '{"action":'));
    connection.destroy();
  }
  await Promise.all(connections.map(({ closed }) => closed));
  assert.is((await handler.ask('acme', { customer_ids: [customerId(2)] })).status, 200);
});

test.after(() => handler.stop());
test.run();
