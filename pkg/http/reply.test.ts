import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openLoopback, untilTrue } from '../../test/services/loopback.ts';
import { openRaw, parseAnswers, rawRequest } from '../../test/services/raw-http.ts';
import { AppError } from '../errors/app-error.ts';
import { asAppError, problemReply, type Reply, writeReply } from './reply.ts';

/** Answers once what has arrived is taken in, as the applications do. */
const serve = (reply: Reply, close = false) =>
  openLoopback(async (_, response) => {
    await Promise.resolve();
    writeReply(response, reply, { requestId: 'r-1', close });
  });

test('an answer is JSON with its length in bytes, its id, and not to be stored', async () => {
  const server = await serve({ status: 200, body: '{"name":"Zoë 🎈"}' });
  const { status, headers, json } = await server.ask('GET / HTTP/1.1');
  assert.equal([status, json], [200, { name: 'Zoë 🎈' }]);
  const { date, connection, ...rest } = headers;
  assert.equal(rest, {
    'content-type': 'application/json',
    'content-length': '20',
    'x-request-id': 'r-1',
    'cache-control': 'no-store',
  });
  await server.close();
});

test('Retry-After is in whole seconds, rounded up, at least one', async () => {
  for (const [retryAfterMs, seconds] of [
    [0, '1'],
    [1, '1'],
    [1_000, '1'],
    [1_001, '2'],
    [59_999.5, '60'],
  ] as const) {
    const server = await serve(problemReply(new AppError('overloaded', { retryAfterMs }), 'r-1'));
    assert.is((await server.ask('GET / HTTP/1.1')).headers['retry-after'], seconds);
    await server.close();
  }
  const server = await serve(problemReply(new AppError('overloaded'), 'r-1'));
  assert.is((await server.ask('GET / HTTP/1.1')).headers['retry-after'], undefined);
  await server.close();
});

test('anything thrown that is not ours is a bug with fixed text, and keeps its cause for the log', () => {
  const own = new AppError('conflict');
  assert.is(asAppError(own), own);
  for (const thrown of [new Error('inside'), 'inside', undefined, null]) {
    const error = asAppError(thrown);
    assert.equal([error.code, error.cause], ['internal', thrown]);
    assert.not.match(problemReply(error, 'r-1').body, /inside/);
  }
});

test('a connection stays open unless it should be closed', async () => {
  const staying = await serve({ status: 200, body: '{}' });
  const connection = await openRaw(staying.port);
  for (let count = 1; count <= 2; count++) {
    connection.send(rawRequest('GET / HTTP/1.1'));
    await untilTrue('an answer', () => connection.answers().length === count);
  }
  connection.end();
  await staying.close();
  const closing = await serve({ status: 200, body: '{}' }, true);
  const other = await openRaw(closing.port);
  other.send(rawRequest('GET / HTTP/1.1'));
  assert.is((await other.closed)[0]?.headers.connection, 'close');
  await closing.close();
});

test('a caller that is still sending gets its refusal before the connection is closed', async () => {
  const server = await serve({ status: 413, body: '{"code":"body_too_large"}' });
  const caller = connect(server.port, '127.0.0.1');
  const failures: unknown[] = [];
  caller.on('error', (error) => failures.push(error)).pause();
  // A connection closed too early fails the second write at the latest, and what was not read by then is lost.
  const send = (text: string) => new Promise<void>((resolve) => void caller.write(text, () => resolve()));
  await send(rawRequest('POST / HTTP/1.1', ['Content-Length: 3000'], 'x'.repeat(1_000)));
  await once(caller, 'readable');
  for (const _ of [1, 2]) await send('x'.repeat(1_000));
  const answers = parseAnswers((await caller.setEncoding('latin1').toArray()).join(''));
  assert.equal(failures, []);
  assert.equal(
    answers.map(({ status, headers }) => [status, headers.connection]),
    [[413, 'close']],
  );
  await server.close();
});

test('what was not read of a body is never taken for the next request', async () => {
  const server = await serve({ status: 413, body: '{}' });
  const connection = await openRaw(server.port);
  connection.send(rawRequest('POST / HTTP/1.1', ['Content-Length: 1000']));
  await untilTrue('an answer', () => connection.answers().length === 1);
  connection.send(rawRequest('GET /smuggled HTTP/1.1').padEnd(1_000, ' '));
  assert.is((await connection.closed).length, 1);
  await server.close();
});

test('a second answer, and one to nobody, are not written', async () => {
  const failures: unknown[] = [];
  const server = await openLoopback((_, response) => {
    try {
      writeReply(response, { status: 200, body: '{"first":true}' }, { requestId: 'r-1' });
      writeReply(response, { status: 500, body: '{}' }, { requestId: 'r-1' });
      response.destroy();
      writeReply(response, { status: 500, body: '{}' }, { requestId: 'r-1' });
    } catch (error) {
      failures.push(error);
    }
  });
  await server.ask('GET / HTTP/1.1').catch(() => undefined);
  assert.equal(failures, []);
  await server.close();
});

test.run();
