import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { untilTrue } from '../../test/services/loopback.ts';
import { answerBody, goodBody, newestKey, openPipeline, signedHeaders } from '../../test/services/pipeline.ts';
import { openRaw, rawRequest } from '../../test/services/raw-http.ts';

const post = 'POST /data-action HTTP/1.1';
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';

/** A pipeline that lets in one request at a time, and whose action waits to be let go. */
const openNarrow = async () => {
  const held = Promise.withResolvers<{ body: string; source: 'memory' }>();
  let running = 0;
  const run = () => {
    running += 1;
    return held.promise;
  };
  const pipeline = await openPipeline({ concurrency: 1, requestsMax: 1, run });
  return { ...pipeline, running: () => running, letGo: () => held.resolve({ body: answerBody, source: 'memory' }) };
};

test('a caller that leaves in the middle of its body leaves nothing behind, and is no answered request', async () => {
  const pipeline = await openNarrow();
  const connection = await openRaw(pipeline.port);
  connection.send(rawRequest(post, signedHeaders(goodBody), goodBody.slice(0, 10)));
  await untilTrue('the body to be awaited', () => pipeline.clock.pending() === 1);
  connection.destroy();
  await untilTrue('the timer to go', () => pipeline.clock.pending() === 0);
  pipeline.letGo();
  assert.is((await pipeline.post(goodBody)).status, 200);
  assert.equal(
    pipeline.answered.map(({ status }) => status),
    [200],
  );
  await pipeline.close();
});

test('bodies that are on their way hold up nobody; of too many, the one that has waited longest is refused', async () => {
  const pipeline = await openNarrow();
  pipeline.letGo();
  const connections = await Promise.all([openRaw(pipeline.port), openRaw(pipeline.port)]);
  const [first, second] = connections;
  first?.send(rawRequest(post, signedHeaders(goodBody), goodBody.slice(0, 10)));
  await untilTrue('the first body to be awaited', () => pipeline.clock.pending() === 1);
  assert.is((await pipeline.post(goodBody)).status, 200);
  second?.send(rawRequest(post, signedHeaders(goodBody), goodBody.slice(0, 10)));
  await untilTrue('the first to be refused', () => first?.answers().length === 1);
  assert.equal([first?.answers()[0]?.status, first?.answers()[0]?.json.code], [503, 'overloaded']);
  second?.send(goodBody.slice(10));
  await untilTrue('the answer to the second', () => second?.answers().length === 1);
  assert.is(second?.answers()[0]?.status, 200);
  assert.is(pipeline.clock.pending(), 0);
  for (const { destroy } of connections) destroy();
  await pipeline.close();
});

test('a body that has come whole while all places are taken is refused, and is let in after that', async () => {
  const pipeline = await openNarrow();
  const connection = await openRaw(pipeline.port);
  connection.send(rawRequest(post, signedHeaders(goodBody), goodBody.slice(0, 10)));
  await untilTrue('the body to be awaited', () => pipeline.clock.pending() === 1);
  const inside = pipeline.post(goodBody);
  await untilTrue('the action to run', () => pipeline.running() === 1);
  connection.send(goodBody.slice(10));
  await untilTrue('the answer', () => connection.answers().length === 1);
  assert.equal([connection.answers()[0]?.status, connection.answers()[0]?.json.code], [503, 'overloaded']);
  pipeline.letGo();
  assert.is((await inside).status, 200);
  connection.send(rawRequest(post, signedHeaders(goodBody), goodBody));
  await untilTrue('the next answer', () => connection.answers().length === 2);
  assert.is(connection.answers()[1]?.status, 200);
  connection.destroy();
  await pipeline.close();
});

test('a caller that leaves while its action runs keeps its places until the action ends, then gives them back', async () => {
  const pipeline = await openNarrow();
  const connection = await openRaw(pipeline.port);
  connection.send(rawRequest(post, signedHeaders(goodBody), goodBody));
  await untilTrue('the action to run', () => pipeline.running() === 1);
  connection.destroy();
  await connection.closed;
  assert.is((await pipeline.post(goodBody)).status, 503);
  pipeline.letGo();
  await untilTrue('its end', () => pipeline.answered.length === 2);
  assert.is((await pipeline.post(goodBody)).status, 200);
  await pipeline.close();
});

test('every way to be refused gives the places back', async () => {
  const pipeline = await openNarrow();
  pipeline.letGo();
  const bodies: readonly (readonly [string, string | null])[] = [
    ['{', null],
    ['{}', null],
    [goodBody, 'no key of it'],
    ['{"input":{"tenant_id":"acme"}}', newestKey],
    ['x'.repeat(9_000), null],
  ];
  for (const [body, key] of bodies) assert.ok((await pipeline.post(body, { key })).status < 500);
  assert.is((await pipeline.post(goodBody)).status, 200);
  await pipeline.close();
});

test('an answered request is told with everything an operator asks for', async () => {
  const pipeline = await openPipeline();
  const headers = ['X-Request-Id: r-1', `traceparent: 00-${traceId}-00f067aa0ba902b7-01`];
  await pipeline.post(goodBody, { headers });
  assert.equal(pipeline.answered, [
    {
      requestId: 'r-1',
      traceId,
      tenantId: 'acme',
      tenantLabel: 'label of acme',
      action: 'get',
      actionKind: 'lookup',
      status: 200,
      code: undefined,
      durationMs: 0,
      source: 'memory',
      abandoned: undefined,
      error: undefined,
    },
  ]);
  await pipeline.close();
});

test('a refused request tells its code, and its tenant only when that was verified', async () => {
  const pipeline = await openPipeline();
  await pipeline.post(goodBody, { key: 'no key of it' });
  await pipeline.post('{"input":{"tenant_id":"acme"}}');
  await pipeline.post('{');
  assert.equal(
    pipeline.answered.map(({ status, code, tenantId, tenantLabel, action, error }) => [
      ...[status, code, tenantId, tenantLabel, action, error?.code],
    ]),
    [
      [401, 'unauthenticated', undefined, 'none', undefined, 'unauthenticated'],
      [400, 'invalid_request', 'acme', 'label of acme', undefined, 'invalid_request'],
      [400, 'invalid_json', undefined, 'none', undefined, 'invalid_json'],
    ],
  );
  await pipeline.close();
});

test('one connection carries request after request, also when one was refused', async () => {
  const pipeline = await openPipeline();
  const connection = await openRaw(pipeline.port);
  for (const [index, [body, key, status]] of (
    [
      [goodBody, newestKey, 200],
      ['{', newestKey, 400],
      [goodBody, 'no key of it', 401],
      [goodBody, newestKey, 200],
    ] as const
  ).entries()) {
    connection.send(rawRequest(post, signedHeaders(body, key), body));
    await untilTrue('the answer', () => connection.answers().length === index + 1);
    const answer = connection.answers()[index];
    assert.is(answer?.status, status);
    assert.is.not(answer?.headers.connection, 'close');
  }
  connection.end();
  await pipeline.close();
});

test('a refusal before the body is read keeps the connection, where the body has arrived already', async () => {
  const pipeline = await openPipeline();
  const connection = await openRaw(pipeline.port);
  connection.send(rawRequest(post, [...signedHeaders(goodBody), 'Content-Type: image/png'], goodBody));
  await untilTrue('the answer', () => connection.answers().length === 1);
  assert.is(connection.answers()[0]?.status, 415);
  assert.is.not(connection.answers()[0]?.headers.connection, 'close');
  connection.end();
  await pipeline.close();
});

test('pipelined requests are answered in their order, each its own', async () => {
  const pipeline = await openPipeline({
    run: async ({ requestId }) => ({ body: JSON.stringify({ output: { requestId } }), source: 'memory' }),
  });
  const connection = await openRaw(pipeline.port);
  const ids = ['r-1', 'r-2', 'r-3', 'r-4'];
  const bodies = [goodBody, '{', goodBody, goodBody];
  connection.send(
    ids
      .map((id, index) => {
        const body = bodies[index] ?? '';
        return rawRequest(post, [...signedHeaders(body), `X-Request-Id: ${id}`], body);
      })
      .join(''),
  );
  await untilTrue('all answers', () => connection.answers().length === ids.length);
  assert.equal(
    connection.answers().map(({ status }) => status),
    [200, 400, 200, 200],
  );
  assert.equal(
    connection.answers().map(({ headers }) => headers['x-request-id']),
    ids,
  );
  assert.equal(connection.answers()[3]?.json, { output: { requestId: 'r-4' } });
  connection.end();
  await pipeline.close();
});

test('while draining everything is still answered, and the caller told to connect anew', async () => {
  const pipeline = await openPipeline();
  pipeline.gate.drain();
  for (const [body, status] of [
    [goodBody, 200],
    ['{', 400],
  ] as const) {
    const connection = await openRaw(pipeline.port);
    connection.send(rawRequest(post, signedHeaders(body), body));
    const [answer] = await connection.closed;
    assert.equal([answer?.status, answer?.headers.connection], [status, 'close']);
  }
  await pipeline.close();
});

test.run();
