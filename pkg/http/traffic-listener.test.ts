import { Agent, request } from 'node:http';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openLoopback, untilTrue } from '../../test/services/loopback.ts';
import { exchange, openRaw, rawRequest } from '../../test/services/raw-http.ts';
import { AppError } from '../errors/app-error.ts';
import { writeReply } from './reply.ts';
import { createTrafficListener, type RefusedSummary } from './traffic-listener.ts';

/** The app with a data action that says `{"reached":true}`, or fails. */
const open = async ({ closing = false, failure }: { closing?: boolean; failure?: unknown } = {}) => {
  const refused: RefusedSummary[] = [];
  const listener = createTrafficListener({
    dataAction: async (_, response) => {
      if (failure) throw failure;
      writeReply(response, { status: 200, body: '{"reached":true}' }, { requestId: 'r-1' });
    },
    onRefused: (summary) => void refused.push(summary),
    closing: () => closing,
  });
  return { ...(await openLoopback(listener)), refused };
};

for (const target of [
  '/data-action',
  '/data-action/',
  '/data-action?x=1',
  '/data-action?',
  'http://any.host/data-action',
]) {
  test(`POST ${target} is the data action`, async () => {
    const app = await open();
    assert.equal((await app.ask(`POST ${target} HTTP/1.1`, [], '{}')).json, { reached: true });
    assert.equal(app.refused, []);
    await app.close();
  });
}

const unknown = [
  '/',
  '/data-actions',
  '/data-action/x',
  '//data-action',
  '/x/../data-action',
  '/%64ata-action',
  '/data-action%2f',
  '/data-action%00',
  '/%',
  '/data-action;x',
  '*',
  'http://[',
  '/metrics',
  '/livez',
  '/config',
];

for (const target of unknown) {
  test(`POST ${target} is a 404 in JSON`, async () => {
    const app = await open();
    const answer = await app.ask(`POST ${target} HTTP/1.1`, ['X-Request-Id: r-7'], '{}');
    assert.equal([answer.status, answer.json.code, answer.json.requestId], [404, 'not_found', 'r-7']);
    assert.is(answer.headers['content-type'], 'application/json');
    assert.equal(
      app.refused.map(({ requestId, status, error }) => [requestId, status, error.code]),
      [['r-7', 404, 'not_found']],
    );
    await app.close();
  });
}

for (const method of ['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND', 'QUERY']) {
  test(`${method} of the data action is a 405 that allows POST alone`, async () => {
    const app = await open();
    const answer = await app.ask(`${method} /data-action HTTP/1.1`);
    assert.equal([answer.status, answer.json.code, answer.headers.allow], [405, 'method_not_allowed', 'POST']);
    await app.close();
  });
}

test("a refusal's words are those of its status", async () => {
  const app = await open();
  const connection = await openRaw(app.port);
  const targets = ['OPTIONS /data-action', 'TRACE /none'];
  for (const target of targets) connection.send(rawRequest(`${target} HTTP/1.1`));
  await untilTrue('both answers', () => connection.answers().length === targets.length);
  assert.equal(connection.received().match(/HTTP\/1\.1 .*?(?=\r\n)/g), [
    'HTTP/1.1 405 Method Not Allowed',
    'HTTP/1.1 404 Not Found',
  ]);
  connection.end();
  await app.close();
});

test('HEAD is a 405 without a body, after which the connection can be used again', async () => {
  const app = await open();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = (method: string) =>
    new Promise<readonly unknown[]>((resolve, reject) => {
      const sent = request({ port: app.port, host: '127.0.0.1', path: '/data-action', method, agent }, (response) => {
        let body = '';
        response.on('data', (text) => (body += text));
        response.on('end', () => resolve([response.statusCode, body.length > 0, sent.reusedSocket]));
      });
      sent.on('error', reject).end();
    });
  assert.equal(await ask('HEAD'), [405, false, false]);
  assert.equal(await ask('GET'), [405, true, true]);
  agent.destroy();
  await app.close();
});

test('a request without a host is refused where HTTP demands one', async () => {
  const app = await open();
  const [answer] = await exchange(app.port, 'GET /x HTTP/1.1\r\nConnection: close\r\n\r\n');
  assert.equal([answer?.status, answer?.json.code], [400, 'invalid_request']);
  const [older] = await exchange(app.port, 'GET /x HTTP/1.0\r\n\r\n');
  assert.is(older?.status, 404);
  await app.close();
});

test('a refusal keeps the connection, but for an unread body and a closing service', async () => {
  const app = await open();
  const connection = await openRaw(app.port);
  connection.send(rawRequest('GET /a HTTP/1.1') + rawRequest('GET /b HTTP/1.1', ['Connection: close']));
  assert.equal(
    (await connection.closed).map(({ status }) => status),
    [404, 404],
  );
  const unread = await openRaw(app.port);
  unread.send(rawRequest('POST /a HTTP/1.1', ['Content-Length: 10'], 'x'));
  assert.is((await unread.closed)[0]?.headers.connection, 'close');
  await app.close();
  const closing = await open({ closing: true });
  const last = await openRaw(closing.port);
  last.send(rawRequest('GET /a HTTP/1.1'));
  assert.is((await last.closed)[0]?.headers.connection, 'close');
  await closing.close();
});

test('an error that escapes the data action is answered all the same', async () => {
  for (const [failure, status] of [
    [new Error('secret'), 500],
    [new AppError('stopping', { retryAfterMs: 1 }), 503],
  ] as const) {
    const app = await open({ failure });
    const answer = await app.ask('POST /data-action HTTP/1.1', [], '{}');
    assert.is(answer.status, status);
    assert.not.match(answer.text, /secret/);
    assert.is(app.refused[0]?.status, status);
    await app.close();
  }
});

test.run();
