/**
 * What is no HTTP, or two kinds of it at once: each connection is answered in JSON or closed, and nobody else notices.
 */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { customerId, prepareDatabase } from '../services/database.ts';
import { startHandler } from '../services/handler.ts';
import { startPostgres } from '../services/postgres.ts';
import { exchange, openRaw, rawRequest } from '../services/raw-http.ts';
import { assertSound } from '../services/sound.ts';
import { until } from '../services/until.ts';

const postgres = await startPostgres();
const database = await prepareDatabase(postgres);
const handler = await startHandler({ DATABASE_URL: database.url, LOG_LEVEL: 'warn', BODY_TIMEOUT_MS: '500' });
await handler.ready();

const line = 'POST /data-action HTTP/1.1';
const asEver = async () => {
  assert.is((await handler.ask('acme', { customer_ids: [customerId(1)] })).status, 200, 'answered as ever');
  assert.is(handler.output(), '', 'nothing that anyone would have to look into');
};

/** Sends all, says that nothing more comes, and looks at whatever is said before the end. */
const sendAll = async (bytes: Buffer, statuses: readonly number[]) => {
  const connection = await openRaw(handler.port);
  connection.send(bytes);
  connection.end();
  for (const answer of await connection.closed) assertSound(answer, statuses);
};

test('any bytes', async () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.string({ unit: 'binary-ascii' }).map((text) => Buffer.from(`${text}\r\n\r\n`)),
  );
  await fc.assert(
    fc.asyncProperty(bytes, (each) => sendAll(Buffer.from(each), [400])),
    {
      numRuns: 300,
      interruptAfterTimeLimit: 6_000,
    },
  );
  await asEver();
});

test('a request that is cut off, or changed, at any place', async () => {
  const whole = Buffer.from(rawRequest(line, ['Content-Type: application/json', 'Content-Length: 2'], '{}'));
  const change = fc.record({
    at: fc.nat({ max: whole.length }),
    added: fc.uint8Array({ maxLength: 3 }),
    cut: fc.boolean(),
  });
  const property = fc.asyncProperty(change, async ({ at, added, cut }) => {
    const bytes = Buffer.concat([whole.subarray(0, at), added, ...(cut ? [] : [whole.subarray(at)])]);
    await sendAll(bytes, [400, 401, 404, 405, 413, 415, 504]);
  });
  await fc.assert(property, { numRuns: 300, interruptAfterTimeLimit: 6_000 });
  await asEver();
});

test('what is broken is said to be, in JSON', async () => {
  const broken = [
    'nonsense\r\n\r\n',
    `${line}\r\nHost: t\r\nno colon\r\n\r\n`,
    `${line}\r\nHost: t\r\nName : x\r\n\r\n`,
    `${line}\r\nHost: t\r\nX: a\0b\r\n\r\n`,
    `POST /data action HTTP/1.1\r\nHost: t\r\n\r\n`,
    'POST /data-action HTTP/9.9\r\nHost: t\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    rawRequest(line, ['Content-Length: x']),
    rawRequest(line, ['Content-Length: -1']),
    rawRequest(line, ['Content-Length: 1, 2']),
    rawRequest(line, ['Content-Length: 99999999999999999999999']),
    rawRequest(line, ['Transfer-Encoding: chunked'], 'zz\r\n{}\r\n'),
  ];
  for (const text of broken) {
    const [answer, ...others] = await exchange(handler.port, Buffer.from(text, 'latin1'));
    assert.ok(answer && others.length === 0, JSON.stringify(text));
    assertSound(answer, [400]);
  }
  await asEver();
});

/** A second request hidden in the first: whoever sees two of them was fooled. */
const hidden = `${line}\r\nHost: hidden\r\nContent-Length: 2\r\nX-Request-Id: hidden\r\n\r\n{}`;

test('a request that gives its length in two ways is not answered twice', async () => {
  const both: readonly (readonly string[])[] = [
    [`Content-Length: ${hidden.length + 5}`, 'Transfer-Encoding: chunked'],
    ['Transfer-Encoding: chunked', 'Content-Length: 5'],
    ['Content-Length: 5', 'Content-Length: 6'],
    ['Content-Length: 5', `Content-Length: ${hidden.length + 5}`],
    ['Transfer-Encoding: chunked, identity'],
    ['Transfer-Encoding: identity, chunked', 'Content-Length: 5'],
    ['Transfer-Encoding: xchunked'],
    ['Transfer-Encoding : chunked'],
    ['Transfer-Encoding: chunked', 'Transfer-Encoding: x'],
    ['Transfer-Encoding:\x0bchunked', 'Content-Length: 5'],
    ['X: x\n Transfer-Encoding: chunked', 'Content-Length: 5'],
    ['Content-Length: +5'],
    ['Content-Length: 0x5'],
    ['Content-Length:5\n'],
  ];
  for (const headers of both) {
    const connection = await openRaw(handler.port);
    connection.send(Buffer.from(rawRequest(line, headers, `0\r\n\r\n${hidden}`), 'latin1'));
    connection.end();
    const answers = await connection.closed;
    assert.ok(answers.length <= 1, `${headers.join(' + ')}: ${answers.map(({ status }) => status)}`);
    for (const answer of answers) assertSound(answer, [400, 401]);
    for (const { json } of answers) assert.is.not(json.requestId, 'hidden');
  }
  await asEver();
});

test('what is left of a refused body is never taken for a request', async () => {
  for (const headers of [['Content-Type: text/html'], ['Content-Encoding: gzip'], []]) {
    const length = headers.length > 0 ? hidden.length : 70_000;
    const connection = await openRaw(handler.port);
    connection.send(rawRequest(line, [...headers, `Content-Length: ${length}`], hidden));
    connection.end();
    const answers = await connection.closed;
    assert.is(answers.length, 1);
    for (const answer of answers) assertSound(answer, [413, 415]);
  }
  await asEver();
});

test('requests that do not wait for answers are answered in their order', async () => {
  const count = 50;
  const connection = await openRaw(handler.port);
  const one = (n: number) => rawRequest(line, ['Content-Length: 2', `X-Request-Id: number-${n}`], '{}');
  connection.send(Array.from({ length: count }, (_, n) => one(n)).join(''));
  await until('all answers', async () => assert.is(connection.answers().length, count));
  for (const [n, answer] of connection.answers().entries()) {
    assertSound(answer, [401]);
    assert.is(answer.json.requestId, `number-${n}`);
  }
  connection.send('garbage\r\n\r\n');
  const answers = await connection.closed;
  assert.is(answers.length, count + 1);
  assert.is(answers.at(-1)?.status, 400);
  await asEver();
});

test('hundreds of connections that never say anything hold up nobody', async () => {
  const idle = await Promise.all(Array.from({ length: 500 }, () => openRaw(handler.port)));
  for (const connection of idle.slice(0, 250)) connection.send('POST /data-act');
  await asEver();
  for (const connection of idle) connection.destroy();
  await Promise.all(idle.map(({ closed }) => closed));
  await asEver();
});

test.after(() => handler.stop());
test.run();
