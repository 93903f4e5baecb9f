import type { ServerResponse } from 'node:http';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { collectGarbage } from '../../test/services/collect-garbage.ts';
import { type Loopback, openLoopback, untilTrue } from '../../test/services/loopback.ts';
import { exchange, openRaw, rawRequest } from '../../test/services/raw-http.ts';
import { until } from '../../test/services/until.ts';
import { createManualClock } from '../process/manual-clock.ts';
import { createHttpServer } from './http-server.ts';
import { ListenError } from './listen-error.ts';
import type { RefusedSummary } from './traffic-listener.ts';

const answer = (response: ServerResponse): void => void response.writeHead(200, { 'Content-Length': 2 }).end('{}');

/** A server whose answers wait to be let go. */
const openHeld = async () => {
  const waiting: ServerResponse[] = [];
  const unreadable: RefusedSummary[] = [];
  const server = await openLoopback((_, response) => void waiting.push(response), createManualClock(), {
    onUnreadable: (summary) => void unreadable.push(summary),
  });
  return { ...server, waiting, unreadable, letGo: () => waiting.splice(0).forEach(answer) };
};

const unreadable: Readonly<Record<string, string>> = {
  'no HTTP': 'hello\r\n\r\n',
  'TLS on a port without it': '\u0016\u0003\u0001\u0002\u0000',
  'no such version': 'GET / HTTP/9.9\r\n\r\n',
  'a header without a name': rawRequest('GET / HTTP/1.1', [': x']),
  'a space before the colon': rawRequest('GET / HTTP/1.1', ['X-A : x']),
  'two lengths': rawRequest('POST / HTTP/1.1', ['Content-Length: 1', 'Content-Length: 2'], 'x'),
  'both a length and chunks': rawRequest(
    'POST / HTTP/1.1',
    ['Content-Length: 5', 'Transfer-Encoding: chunked'],
    '0\r\n\r\n',
  ),
  'no number as a length': rawRequest('POST / HTTP/1.1', ['Content-Length: five'], 'x'),
  'a broken chunk': rawRequest('POST / HTTP/1.1', ['Transfer-Encoding: chunked'], 'zz\r\n'),
  'headers above their bound': rawRequest('GET / HTTP/1.1', [`X-A: ${'x'.repeat(17 * 1024)}`]),
  'a path above it': rawRequest(`GET /${'x'.repeat(17 * 1024)} HTTP/1.1`),
};

for (const [what, bytes] of Object.entries(unreadable)) {
  test(`what cannot be read as HTTP is answered in JSON, and closed: ${what}`, async () => {
    const server = await openHeld();
    const [first, ...rest] = await exchange(server.port, bytes);
    assert.equal(
      [first?.status, first?.headers['content-type'], first?.headers.connection],
      [400, 'application/json', 'close'],
    );
    assert.equal([first?.json.code, first?.json.requestId], ['invalid_request', first?.headers['x-request-id']]);
    assert.equal(rest, []);
    assert.equal((await exchange(server.port, bytes)).length, 1);
    assert.equal(
      server.unreadable.map(({ status, error }) => [status, error.code]),
      [
        [400, 'invalid_request'],
        [400, 'invalid_request'],
      ],
    );
    assert.is(server.unreadable[0]?.requestId, first?.json.requestId);
    await server.close();
  });
}

test('who leaves amid a request, or says nothing, is told of to nobody', async () => {
  const server = await openHeld();
  const [silent, leaving] = await Promise.all([openRaw(server.port), openRaw(server.port)]);
  leaving.send('GET / HT');
  leaving.reset();
  silent.end();
  await Promise.all([silent.closed, leaving.closed]);
  await server.close();
  assert.equal(server.unreadable, []);
});

test('who has said all gets the answer that is still to come, and then the end', async () => {
  const server = await openHeld();
  const connection = await openRaw(server.port);
  connection.send(rawRequest('GET / HTTP/1.1'));
  connection.end();
  await untilTrue('its end to be read', () => server.waiting[0]?.req.socket.readableEnded === true);
  server.letGo();
  assert.equal(
    (await connection.closed).map(({ status }) => status),
    [200],
  );
  await server.close();
});

test('of a request that was answered its connection keeps nothing alive', async () => {
  const answered: WeakRef<ServerResponse>[] = [];
  const server = await openLoopback((_, response) => {
    answered.push(new WeakRef(response));
    answer(response);
  });
  const connection = await openRaw(server.port);
  connection.send(rawRequest('POST / HTTP/1.1', ['Content-Length: 2'], '{}'));
  await untilTrue('its answer', () => connection.received().endsWith('{}'));
  for (let turns = 0; turns < 3; turns += 1) await collectGarbage();
  const isGone = answered.map((response) => response.deref() === undefined);
  connection.end();
  await server.close();
  assert.equal(isGone, [true]);
});

test('headers at their bound are read', async () => {
  const server = await openLoopback((_, response) => answer(response));
  assert.is((await server.ask('GET / HTTP/1.1', [`X-A: ${'x'.repeat(15 * 1024)}`])).status, 200);
  await server.close();
});

test('an expectation that nobody knows is ignored', async () => {
  const server = await openLoopback((_, response) => answer(response));
  assert.is((await server.ask('GET / HTTP/1.1', ['Expect: miracles'])).status, 200);
  await server.close();
});

test('says where it listens, and whether it does', async () => {
  const options = { host: '127.0.0.1', clock: createManualClock(), listener: () => {} } as const;
  const first = createHttpServer({ ...options, port: 0 });
  assert.is(first.listening(), false);
  await first.start();
  assert.is(first.listening(), true);
  const stopping = first.stop(1_000);
  while (first.listening()) await options.clock.advance(1_000);
  await options.clock.advance(1_000);
  await stopping;
});

/** What it says when it cannot listen there. */
const complaint = (host: string, port: number): Promise<unknown> =>
  createHttpServer({ host, port, clock: createManualClock(), listener: () => {} })
    .start()
    .catch((error: unknown) => error instanceof ListenError && [error.setting, error.message]);

test('says which setting keeps it from listening, and why', async () => {
  const other = await openLoopback(() => {});
  assert.equal(await complaint('127.0.0.1', other.port), ['port', `${other.port} is taken`]);
  await other.close();
  const expected = 'expected an address of this machine, or a name that leads to one';
  assert.equal(await complaint('192.0.2.1', 0), ['host', `${expected} (EADDRNOTAVAIL)`]);
  assert.match(String(await complaint('no such host', 0)), new RegExp(`^host,${expected} \\((?:ENOTFOUND|EAI_.*)\\)$`));
});

test('one that never started stops at once', async () => {
  await createHttpServer({ host: '127.0.0.1', port: 0, clock: createManualClock(), listener: () => {} }).stop(1_000);
});

/** Moves time on until `work` has settled. */
const passUntil = async (server: Loopback, work: Promise<unknown>): Promise<void> => {
  let settled = false;
  const watch = () => {
    settled = true;
  };
  work.then(watch, watch);
  while (!settled) await server.clock.advance(10);
};

const isOpen = (port: number): Promise<boolean> =>
  openRaw(port).then(
    (connection) => {
      connection.destroy();
      return true;
    },
    () => false,
  );

test('a stop lets nobody else in, and waits for what is in flight: that is answered', async () => {
  const server = await openHeld();
  const inFlight = server.ask('GET / HTTP/1.1');
  await untilTrue('the request', () => server.waiting.length === 1);
  let stopped = false;
  const stopping = server.stop(100_000).then(() => {
    stopped = true;
  });
  await until('the door to be shut', async () => {
    if (await isOpen(server.port)) throw new Error('still open');
  });
  await server.clock.advance(99_000);
  assert.is(stopped, false);
  server.letGo();
  assert.is((await inFlight).status, 200);
  await passUntil(server, stopping);
});

test('a stop ends idle connections and those that never said a word, while it waits for what is in flight', async () => {
  const server = await openHeld();
  const idle = await openRaw(server.port);
  idle.send(rawRequest('GET / HTTP/1.1'));
  await untilTrue('the request', () => server.waiting.length === 1);
  server.letGo();
  await untilTrue('its answer', () => idle.answers().length === 1);
  const silent = await openRaw(server.port);
  const inFlight = server.ask('GET / HTTP/1.1');
  await untilTrue('the request in flight', () => server.waiting.length === 1);
  const stopping = server.stop(100_000_000);
  await passUntil(server, Promise.all([idle.closed, silent.closed]));
  assert.equal(await silent.closed, []);
  assert.ok(server.clock.now() < 100_000_000);
  server.letGo();
  assert.is((await inFlight).status, 200);
  await passUntil(server, stopping);
});

test('a stop cuts what is left at its deadline, and not before', async () => {
  const server = await openHeld();
  const connection = await openRaw(server.port);
  connection.send(rawRequest('GET / HTTP/1.1'));
  await untilTrue('the request', () => server.waiting.length === 1);
  const stopping = server.stop(5_000);
  await server.clock.advance(4_999);
  assert.is(server.waiting[0]?.destroyed, false);
  await passUntil(server, stopping);
  assert.equal(await connection.closed, []);
});

test('a second stop is the first one', async () => {
  const server = await openLoopback(() => {});
  assert.is(server.stop(1_000), server.stop(1));
  await server.close();
});

test.run();
