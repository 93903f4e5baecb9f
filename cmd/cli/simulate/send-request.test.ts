/** Over real connections on loopback, against a server that misbehaves as it is told. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { Agent } from 'undici';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { requestLimits } from '../../../pkg/process/limits.ts';
import { createManualClock } from '../../../pkg/process/manual-clock.ts';
import { untilTrue } from '../../../test/services/loopback.ts';
import { createSender } from './send-request.ts';

type Handle = (request: IncomingMessage, response: ServerResponse) => void;

let handle: Handle = () => {};
const server = createServer((request, response) => handle(request, response));
const agent = new Agent({ headersTimeout: 0, bodyTimeout: 0 });
const clock = createManualClock();

test.before(() => new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve)));
test.after(async () => {
  await agent.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const addressOf = () => {
  const address = server.address();
  return new URL(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/data-action`);
};
const send = (headers: Readonly<Record<string, string>> = {}, end = new AbortController(), url = addressOf()) =>
  createSender({ url, clock, dispatcher: agent, signal: end.signal })({
    body: Buffer.from('{"action":"a"}'),
    headers,
    timeoutMs: 1_000,
  });
/** @returns what the next request is answered with */
const answering = (body: string | Buffer, status = 200, headers: Readonly<Record<string, string>> = {}) => {
  handle = (request, response) => {
    request.resume();
    response.writeHead(status, headers).end(body);
  };
  return send();
};

test('a body goes out as it is, labelled as Studio labels it', async () => {
  const seen: { method?: string | undefined; type?: string | undefined; accept?: string | undefined; body?: string } =
    {};
  handle = (request, response) => {
    const { 'content-type': type, accept } = request.headers;
    Object.assign(seen, { method: `${request.method} ${request.url}`, type, accept });
    void text(request).then((body) => {
      seen.body = body;
      response.end('{}');
    });
  };
  await send();
  assert.equal(seen, {
    method: 'POST /data-action',
    type: 'application/x-www-form-urlencoded',
    accept: 'application/json',
    body: '{"action":"a"}',
  });
  await send({ 'Content-Type': 'application/json' });
  assert.is(seen.type, 'application/json', 'a script may say otherwise');
});

test('status, code, JSON, size and Retry-After of an answer', async () => {
  const body = '{"code":"overloaded","status":503}';
  assert.equal(await answering(body, 503, { 'Retry-After': '2' }), {
    kind: 'answer',
    status: 503,
    bytes: body.length,
    cut: false,
    json: { code: 'overloaded', status: 503 },
    code: 'overloaded',
    retryAfterMs: 2_000,
  });
});

test('what is no JSON in UTF-8 has none; a code that is not one is left out', async () => {
  for (const body of ['', '<html>', '{"a":', Buffer.from([0x22, 0xff, 0x22])]) {
    const outcome = await answering(body);
    assert.is(outcome.kind === 'answer' ? outcome.json : 'other', undefined);
  }
  for (const body of ['null', '[]', '{"code":1}', '{"code":"No code"}']) {
    const outcome = await answering(body);
    assert.is(outcome.kind === 'answer' ? outcome.code : 'other', undefined);
  }
});

test('32,768 bytes are taken, one more is cut', async () => {
  const max = requestLimits.answerBytesMax;
  for (const [bytes, cut] of [
    [max, false],
    [max + 1, true],
    [max * 100, true],
  ] as const) {
    const outcome = await answering(JSON.stringify('x'.repeat(bytes - 2)));
    assert.equal(outcome.kind === 'answer' && [outcome.cut, outcome.bytes], [cut, Math.min(bytes, max + 1)]);
  }
});

test('an answer that does not end is cut as well, and its connection closed', async () => {
  let closed = false;
  handle = (request, response) => {
    request.resume();
    response.on('close', () => {
      closed = true;
    });
    const more = () => {
      while (!response.destroyed && response.write('x'.repeat(8_192)));
    };
    response.on('drain', more);
    more();
  };
  const outcome = await send();
  assert.ok(outcome.kind === 'answer' && outcome.cut);
  await untilTrue('the connection to close', () => closed);
});

for (const [title, begin] of [
  ['headers', () => {}],
  ['the end of the body', (response: ServerResponse) => void response.write('{')],
] as const) {
  test(`without ${title} in time it is a time-out`, async () => {
    let arrived = false;
    handle = (request, response) => {
      request.resume();
      begin(response);
      arrived = true;
    };
    const outcome = send();
    await untilTrue('the request', () => arrived);
    await clock.advance(999);
    assert.is(clock.pending(), 1);
    await clock.advance(1);
    assert.equal(await outcome, { kind: 'timeout' });
    assert.is(clock.pending(), 0);
  });
}

test('a connection that breaks, before or within the answer, or is refused, is named by its error code', async () => {
  handle = (request) => void request.socket.resetAndDestroy();
  assert.equal(await send(), { kind: 'network', reason: 'ECONNRESET' });
  handle = (_request, response) => {
    response.writeHead(200, { 'Content-Length': '100' }).write('{"a":', () => response.socket?.destroy());
  };
  const broken = await send();
  assert.match(
    broken.kind === 'network' ? broken.reason : broken.kind,
    /^(?:UND_ERR_SOCKET|ECONNRESET|UND_ERR_ABORTED)$/,
  );
  const refused = await send({}, new AbortController(), new URL('http://127.0.0.1:1/'));
  assert.equal(refused, { kind: 'network', reason: 'ECONNREFUSED' });
  assert.is(clock.pending(), 0);
});

test('the end of the run gives up what is under way, and what comes after it', async () => {
  const end = new AbortController();
  let arrived = false;
  handle = (request) => {
    request.resume();
    arrived = true;
  };
  const outcome = send({}, end);
  await untilTrue('the request', () => arrived);
  end.abort();
  assert.equal(await outcome, { kind: 'given_up' });
  assert.equal(await send({}, end), { kind: 'given_up' });
  assert.is(clock.pending(), 0);
});

test.run();
