import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Loopback, openLoopback, untilTrue } from '../../test/services/loopback.ts';
import { openRaw, rawRequest } from '../../test/services/raw-http.ts';
import { createManualClock } from '../process/manual-clock.ts';
import { createDeadline } from '../resilience/deadline.ts';
import { AbortedRequestError, checkBodyHeaders, readBody } from './body-reader.ts';

const bytesMax = 100;
const timeoutMs = 1_000;
const post = 'POST / HTTP/1.1';

/** A server that notes what its reader settled to: the body's text, or the error. */
const openReader = async (budgetMs = timeoutMs) => {
  const outcomes: unknown[] = [];
  const clock = createManualClock();
  const server: Loopback = await openLoopback(async (request, response) => {
    const onWait = () => createDeadline(clock, budgetMs);
    const outcome = await readBody(request, bytesMax, { onWait }).catch((error: unknown) => error);
    outcomes.push(outcome instanceof Buffer ? outcome.toString() : outcome);
    const listeners = ['data', 'end', 'close', 'error'].map((name) => request.listeners(name).length);
    const body = JSON.stringify({ listeners });
    response.writeHead(200, { 'Content-Length': body.length, Connection: 'close' }).end(body);
  }, clock);
  const read = async (headers: readonly string[], body: string): Promise<unknown> => {
    const connection = await openRaw(server.port);
    connection.send(rawRequest(post, headers, body));
    await untilTrue('the reader to settle', () => outcomes.length > 0);
    connection.destroy();
    return outcomes.pop();
  };
  return { ...server, outcomes, read };
};

const chunked = (...chunks: readonly string[]): string =>
  [...chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`), '0\r\n\r\n'].join('');

test('a body is read to its last byte, in one piece or many, empty or full', async () => {
  const reader = await openReader();
  const full = 'x'.repeat(bytesMax);
  assert.is(await reader.read(['Content-Length: 5'], 'hello'), 'hello');
  assert.is(await reader.read([], ''), '');
  assert.is(await reader.read(['Content-Length: 0'], ''), '');
  assert.is(await reader.read([`Content-Length: ${bytesMax}`], full), full);
  assert.is(await reader.read(['Transfer-Encoding: chunked'], chunked('he', 'l', 'lo')), 'hello');
  assert.is(await reader.read(['Transfer-Encoding: chunked'], chunked(full)), full);
  assert.is(await reader.read(['Transfer-Encoding: chunked'], chunked()), '');
  await reader.close();
});

test('one byte more is too large, whether Content-Length says so or nothing does', async () => {
  const reader = await openReader();
  const over = 'x'.repeat(bytesMax + 1);
  for (const [headers, body] of [
    [[`Content-Length: ${over.length}`], over],
    [['Transfer-Encoding: chunked'], chunked(over)],
    [['Transfer-Encoding: chunked'], chunked('x'.repeat(bytesMax), 'x')],
    [['Transfer-Encoding: chunked'], chunked('x'.repeat(bytesMax), 'x').slice(0, -7)],
  ] as const) {
    const { code } = (await reader.read(headers, body)) as { code: string };
    assert.is(code, 'body_too_large');
  }
  await reader.close();
});

test('a slow body is cut by the deadline, and not before', async () => {
  const reader = await openReader();
  const connection = await openRaw(reader.port);
  connection.send(rawRequest(post, ['Content-Length: 5'], 'he'));
  await untilTrue('the deadline to be set', () => reader.clock.pending() === 1);
  await reader.clock.advance(timeoutMs - 1);
  connection.send('l');
  assert.equal(reader.outcomes, []);
  await reader.clock.advance(1);
  const [error] = reader.outcomes as readonly { readonly code: string }[];
  assert.is(error?.code, 'deadline_exceeded');
  assert.is(reader.clock.pending(), 0);
  connection.destroy();
  await reader.close();
});

test('what comes late but in time is read, after a 100 too, and leaves no timer', async () => {
  const reader = await openReader();
  for (const [headers, body] of [
    [['Content-Length: 5', 'Expect: 100-continue'], ''],
    [['Content-Length: 5'], 'he'],
  ] as const) {
    const connection = await openRaw(reader.port);
    connection.send(rawRequest(post, headers, body));
    await untilTrue('the deadline to be set', () => reader.clock.pending() === 1);
    connection.send('hello'.slice(body.length));
    await untilTrue('the reader to settle', () => reader.outcomes.length > 0);
    assert.is(reader.outcomes.pop(), 'hello');
    assert.is(reader.clock.pending(), 0);
    connection.destroy();
  }
  await reader.close();
});

test('a deadline that has passed already cuts at once what is still to come, and is no other error', async () => {
  const reader = await openReader(0);
  for (const [headers, body] of [
    [['Content-Length: 5'], 'hell'],
    [['Content-Length: 5'], ''],
    [['Transfer-Encoding: chunked'], chunked('hello').slice(0, -5)],
  ] as const) {
    const { code } = (await reader.read(headers, body)) as { code: string };
    assert.is(code, 'deadline_exceeded', body);
  }
  assert.is(await reader.read(['Content-Length: 5'], 'hello'), 'hello');
  await reader.close();
});

test('a caller that leaves in the middle is told apart, and leaves no timer', async () => {
  const reader = await openReader();
  const connection = await openRaw(reader.port);
  connection.send(rawRequest(post, ['Content-Length: 5'], 'he'));
  await untilTrue('the deadline to be set', () => reader.clock.pending() === 1);
  connection.destroy();
  await untilTrue('the reader to settle', () => reader.outcomes.length === 1);
  assert.instance(reader.outcomes[0], AbortedRequestError);
  assert.is(reader.clock.pending(), 0);
  await reader.close();
});

test('a reader that has settled listens no more', async () => {
  const idle = await openLoopback((request, response) => {
    const body = JSON.stringify({
      listeners: ['data', 'end', 'close', 'error'].map((name) => request.listeners(name).length),
    });
    response.writeHead(200, { 'Content-Length': body.length }).end(body);
  });
  const before = (await idle.ask(post, [], 'hello')).json;
  await idle.close();
  const reader = await openReader();
  assert.equal((await reader.ask(post, [], 'hello')).json, before);
  await reader.close();
});

const refusalOf = (headers: IncomingHttpHeaders): string | undefined => {
  try {
    checkBodyHeaders({ headers } as IncomingMessage, bytesMax);
    return undefined;
  } catch (error) {
    return (error as { code: string }).code;
  }
};

const carriers = [
  undefined,
  '',
  'application/json',
  'Application/JSON',
  'application/json; charset=utf-8',
  'application/json ;charset=utf-8',
  ' application/json',
  'application/x-www-form-urlencoded',
  'application/x-www-form-urlencoded; charset=UTF-8',
  'text/plain',
  'application/problem+json',
  'application/vnd.nice.cxone-v1.0+json',
];
const others = [
  'application/xml',
  'application/jsonx',
  'application/json/x',
  'text/html',
  'text/json',
  'multipart/form-data; boundary=application/json',
  'image/svg+xml',
  'application/+json',
  `application/${'x'.repeat(65)}+json`,
  '*/*',
  'json',
  'application/octet-stream',
];

test('any content type that can carry JSON is taken, others are not', () => {
  for (const type of carriers) assert.is(refusalOf({ 'content-type': type }), undefined, type ?? 'none');
  for (const type of others) assert.is(refusalOf({ 'content-type': type }), 'unsupported_media_type', type);
});

test('an encoded body is not taken', () => {
  for (const encoding of ['gzip', 'br', 'deflate', 'identity, gzip']) {
    assert.is(refusalOf({ 'content-encoding': encoding }), 'unsupported_media_type', encoding);
  }
  for (const encoding of ['identity', 'Identity']) assert.is(refusalOf({ 'content-encoding': encoding }), undefined);
});

test('a body that says it is too large is refused before a byte of it is read', () => {
  assert.is(refusalOf({ 'content-length': String(bytesMax) }), undefined);
  assert.is(refusalOf({ 'content-length': String(bytesMax + 1) }), 'body_too_large');
  assert.is(refusalOf({ 'content-length': '9'.repeat(30) }), 'body_too_large');
});

test.run();
