/**
 * How large a request may be: at the bound it is taken, one beyond it is not, and the answer arrives.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { customerId, prepareDatabase } from '../services/database.ts';
import { startHandler } from '../services/handler.ts';
import { startPostgres } from '../services/postgres.ts';
import { assertProblem } from '../services/problem.ts';
import { exchange, openRaw, rawRequest } from '../services/raw-http.ts';

const bodyBytesMax = 65_536;
const headerBytesMax = 16_384;
const postgres = await startPostgres();
const database = await prepareDatabase(postgres);
const handler = await startHandler({ DATABASE_URL: database.url });
await handler.ready();

const bodyOf = (bytes: number) => {
  const body = { action: 'process_customer_batch', input: { tenant_id: 'acme', customer_ids: [customerId(1)] } };
  return JSON.stringify(body).padEnd(bytes, ' ');
};

const line = 'POST /data-action HTTP/1.1';
const inChunks = (body: string, size: number): string => {
  const parts: string[] = [];
  for (let at = 0; at < body.length; at += size) {
    const part = body.slice(at, at + size);
    parts.push(`${part.length.toString(16)}\r\n${part}\r\n`);
  }
  return `${parts.join('')}0\r\n\r\n`;
};
const chunked = (body: string) =>
  exchange(handler.port, rawRequest(line, ['Transfer-Encoding: chunked', 'Connection: close'], inChunks(body, 1_000)));

test('a body of exactly the bound is read, one byte more is not', async () => {
  assert.is((await handler.post('acme', bodyOf(bodyBytesMax))).status, 200);
  assertProblem(await handler.post('acme', bodyOf(bodyBytesMax + 1)), 413, 'body_too_large');
});

test('a body in chunks is counted as it arrives', async () => {
  const [within] = await chunked(bodyOf(bodyBytesMax));
  assert.is(within?.json.code, 'unauthenticated', 'it was read');
  const [beyond] = await chunked(bodyOf(bodyBytesMax + 1));
  assert.ok(beyond);
  assertProblem(beyond, 413, 'body_too_large');
});

test('one that is announced as too large is refused before a byte of it came', async () => {
  const connection = await openRaw(handler.port);
  connection.send(rawRequest(line, [`Content-Length: ${bodyBytesMax + 1}`]));
  const [answer] = await connection.closed;
  assert.ok(answer);
  assertProblem(answer, 413, 'body_too_large');
});

test('whoever sends far too much still gets the answer, and not a broken connection', async () => {
  for (const megabytes of [1, 4]) {
    const asked = Array.from({ length: 20 }, () => handler.post('acme', bodyOf(megabytes * 2 ** 20)));
    for (const answer of await Promise.all(asked)) assertProblem(answer, 413, 'body_too_large');
    const typed = { headers: { 'Content-Type': 'text/html' } };
    const refused = Array.from({ length: 20 }, () => handler.post('acme', bodyOf(bodyBytesMax), typed));
    for (const answer of await Promise.all(refused)) assertProblem(answer, 415, 'unsupported_media_type');
  }
});

test('headers may be as large as the bound, and no larger', async () => {
  const ask = (bytes: number) => {
    const head = rawRequest('GET /x HTTP/1.1', ['Connection: close', 'X-Filler: ']);
    return exchange(handler.port, head.replace('X-Filler: ', `X-Filler: ${'x'.repeat(bytes - head.length)}`));
  };
  const [within] = await ask(headerBytesMax - 200);
  assert.is(within?.status, 404);
  const [beyond] = await ask(headerBytesMax + 200);
  assert.ok(beyond);
  assertProblem(beyond, 400, 'invalid_request');
});

test('afterwards a normal request is answered as ever', async () => {
  assert.is((await handler.ask('acme', { customer_ids: [customerId(2)] })).status, 200);
});

test.after(() => handler.stop());
test.run();
