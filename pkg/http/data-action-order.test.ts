import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { untilTrue } from '../../test/services/loopback.ts';
import {
  answerBody,
  bodyBytesMax,
  goodBody,
  newestKey,
  openPipeline,
  previousKey,
  tenantDeadlineMs,
} from '../../test/services/pipeline.ts';
import { openRaw, rawRequest } from '../../test/services/raw-http.ts';
import { AppError } from '../errors/app-error.ts';

/** Each wants the answer of the first step that refuses it, though later steps would refuse it too. */
const order: readonly (readonly [
  step: string,
  status: number,
  code: string,
  request: Parameters<Awaited<ReturnType<typeof openPipeline>>['post']>,
])[] = [
  [
    'content type',
    415,
    'unsupported_media_type',
    ['x'.repeat(bodyBytesMax + 1), { key: null, headers: ['Content-Type: image/png'] }],
  ],
  ['content encoding', 415, 'unsupported_media_type', ['x', { key: null, headers: ['Content-Encoding: gzip'] }]],
  ['body size', 413, 'body_too_large', ['x'.repeat(bodyBytesMax + 1), { key: null }]],
  ['JSON', 400, 'invalid_json', ['{', { key: null }]],
  ['tenant', 401, 'unauthenticated', ['{}', { key: newestKey }]],
  ['signature', 401, 'unauthenticated', ['{"input":{"tenant_id":"acme"}}', { key: 'no key of it' }]],
  ['shape', 400, 'invalid_request', ['{"input":{"tenant_id":"acme"}}', { key: newestKey }]],
  ['admission', 429, 'too_many_concurrent', [goodBody, { key: newestKey }]],
];

test('each step refuses before the next one looks', async () => {
  const held = Promise.withResolvers<{ body: string; source: 'memory' }>();
  const pipeline = await openPipeline({ concurrency: 1, run: () => held.promise });
  const first = pipeline.post(goodBody);
  await untilTrue('the first request to run', () => pipeline.keysUsed.length === 1);
  for (const [step, status, code, request] of order) {
    const answer = await pipeline.post(...request);
    assert.equal([answer.status, answer.json.code], [status, code], step);
  }
  pipeline.gate.close();
  const refused = await pipeline.post('{', { key: null, headers: ['Content-Type: image/png'] });
  assert.equal([refused.status, refused.json.code, refused.headers['retry-after']], [503, 'stopping', '1']);
  held.resolve({ body: answerBody, source: 'memory' });
  assert.is((await first).status, 200);
  await pipeline.close();
});

test("the gate refuses before anything is read: not even the body's size matters", async () => {
  const pipeline = await openPipeline({ requestsMax: 0 });
  const answer = await pipeline.post('x'.repeat(bodyBytesMax * 4), { key: null, headers: ['Content-Type: image/png'] });
  assert.equal([answer.status, answer.json.code, answer.headers['retry-after']], [503, 'overloaded', '1']);
  await pipeline.close();
});

test('room for a body is what has come of it, whatever it says', async () => {
  const pipeline = await openPipeline({ bodyBytesInFlightMax: goodBody.length });
  assert.is((await pipeline.post(goodBody)).status, 200);
  const large = 'x'.repeat(goodBody.length + 1);
  assert.equal((await pipeline.post(large, { key: null })).json.code, 'overloaded');
  for (const [text, status, code] of [
    [`${large.length.toString(16)}\r\n${large}\r\n0\r\n\r\n`, 503, 'overloaded'],
    ['0\r\n\r\n', 400, 'invalid_json'],
  ] as const) {
    const chunked = await openRaw(pipeline.port);
    chunked.send(rawRequest('POST /data-action HTTP/1.1', ['Transfer-Encoding: chunked'], text));
    await untilTrue('the answer', () => chunked.answers().length === 1);
    assert.equal([chunked.answers()[0]?.status, chunked.answers()[0]?.json.code], [status, code]);
    chunked.destroy();
  }
  assert.is((await pipeline.post(goodBody)).status, 200);
  await pipeline.close();
});

test("an answer is the action's, with the request's own id or a new one", async () => {
  const pipeline = await openPipeline();
  const answer = await pipeline.post(goodBody, { headers: ['X-Request-Id: studio-42'] });
  assert.equal([answer.status, answer.text], [200, answerBody]);
  assert.is(answer.headers['content-type'], 'application/json');
  assert.is(answer.headers['x-request-id'], 'studio-42');
  const other = await pipeline.post(goodBody, { headers: ['X-Request-Id: not fit for a log'] });
  assert.match(String(other.headers['x-request-id']), /^[0-9a-f-]{36}$/);
  await pipeline.close();
});

test('an action gets what was decoded, the request id and its context', async () => {
  const calls: unknown[] = [];
  const pipeline = await openPipeline({
    run: async ({ input, context, requestId, deadline }) => {
      calls.push({ input, context, requestId, remainingMs: deadline.remainingMs() });
      return { body: answerBody, source: 'database' };
    },
  });
  await pipeline.post(goodBody, { headers: ['X-Request-Id: r-1'] });
  assert.equal(calls, [{ input: {}, context: { call: '1' }, requestId: 'r-1', remainingMs: tenantDeadlineMs }]);
  await pipeline.close();
});

test('each refusal by shape lists what is wrong by path', async () => {
  const pipeline = await openPipeline();
  const { json } = await pipeline.post('{"action":"get","input":{"tenant_id":"acme","x":1}}');
  assert.equal(json.errors, [{ path: 'input.customer_ids[3]', expected: 'UUID' }]);
  await pipeline.close();
});

test('an error of the action is its status; what is no AppError is a bug with fixed text', async () => {
  const thrown: unknown[] = [
    new AppError('database_unavailable', { message: 'inside', retryAfterMs: 1_500 }),
    new Error('relation "secret" does not exist'),
    'thrown text',
  ];
  const pipeline = await openPipeline({
    concurrency: 1,
    run: async () => {
      throw thrown.shift();
    },
  });
  const unavailable = await pipeline.post(goodBody);
  assert.equal(
    [unavailable.status, unavailable.json.code, unavailable.headers['retry-after']],
    [503, 'database_unavailable', '2'],
  );
  for (const _ of [1, 2]) {
    const bug = await pipeline.post(goodBody);
    assert.equal([bug.status, bug.json.code, bug.json.detail], [500, 'internal', 'Internal error']);
    assert.not.match(bug.text, /secret|thrown/);
  }
  await pipeline.close();
});

test('signatures: the key that matched and the reason of each refusal are told, and nothing else differs', async () => {
  const pipeline = await openPipeline();
  await pipeline.post(goodBody);
  await pipeline.post(goodBody, { key: previousKey });
  assert.equal(pipeline.keysUsed, [
    ['label of acme', 0],
    ['label of acme', 1],
  ]);
  const unknown = goodBody.replace('acme', 'other');
  const answers = [
    await pipeline.post(goodBody, { key: null }),
    await pipeline.post(goodBody, { key: 'no key of it' }),
    await pipeline.post(unknown),
    await pipeline.post(unknown, { key: null }),
    await pipeline.post('{"no":"tenant"}'),
  ];
  assert.equal(pipeline.failures, [
    'missing_signature',
    'bad_signature',
    'unknown_tenant',
    'unknown_tenant',
    'unknown_tenant',
  ]);
  const bodies = answers.map(({ status, json }) => JSON.stringify({ status, ...json, requestId: '' }));
  assert.is(new Set(bodies).size, 1);
  assert.is(answers[0]?.status, 401);
  await pipeline.close();
});

test('a suspended tenant is as unknown as one that does not exist', async () => {
  const pipeline = await openPipeline({ suspended: true });
  assert.is((await pipeline.post(goodBody)).status, 401);
  assert.equal(pipeline.failures, ['unknown_tenant']);
  await pipeline.close();
});

test("a declared header that is a name of JavaScript's own is only ever what was sent", async () => {
  for (const signatureHeader of ['constructor', '__proto__', 'hasownproperty']) {
    const pipeline = await openPipeline({ signatureHeader });
    assert.is((await pipeline.post(goodBody)).status, 401, signatureHeader);
    assert.equal(pipeline.failures, ['missing_signature']);
    await pipeline.close();
  }
});

test.run();
