import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { untilTrue } from '../../test/services/loopback.ts';
import {
  answerBody,
  bodyTimeoutMs,
  goodBody,
  openPipeline,
  signedHeaders,
  tenantDeadlineMs,
} from '../../test/services/pipeline.ts';
import { openRaw, rawRequest } from '../../test/services/raw-http.ts';

const post = 'POST /data-action HTTP/1.1';

/** A pipeline whose action notes what is left of the deadline. */
const openTimed = async () => {
  const remaining: number[] = [];
  const pipeline = await openPipeline({
    run: async ({ deadline }) => {
      remaining.push(deadline.remainingMs());
      return { body: answerBody, source: 'memory' };
    },
  });
  return { ...pipeline, remaining };
};

/** Resolves when the server waits for the body: its deadline is the one timer. */
const bodyAwaited = ({ clock }: { readonly clock: { pending(): number } }) =>
  untilTrue('the body to be awaited', () => clock.pending() === 1);

test('X-Timeout-Ms makes the deadline earlier, never later; what is no positive whole number is ignored', async () => {
  const cases: readonly (readonly [header: string, remainingMs: number])[] = [
    ['100', 100],
    ['1', 1],
    [String(tenantDeadlineMs), tenantDeadlineMs],
    [String(tenantDeadlineMs + 1), tenantDeadlineMs],
    ['60000', tenantDeadlineMs],
    ['90000', tenantDeadlineMs],
    ['999999999', tenantDeadlineMs],
    ['0', tenantDeadlineMs],
    ['-1', tenantDeadlineMs],
    ['1.5', tenantDeadlineMs],
    ['1e1', tenantDeadlineMs],
    ['abc', tenantDeadlineMs],
    ['', tenantDeadlineMs],
    ['9'.repeat(20), tenantDeadlineMs],
  ];
  const pipeline = await openTimed();
  for (const [header] of cases) {
    assert.is((await pipeline.post(goodBody, { headers: [`X-Timeout-Ms: ${header}`] })).status, 200);
  }
  assert.equal(
    pipeline.remaining,
    cases.map(([, remainingMs]) => remainingMs),
  );
  await pipeline.close();
});

test('the deadline runs from arrival: what the body took is gone', async () => {
  const pipeline = await openTimed();
  const connection = await openRaw(pipeline.port);
  connection.send(rawRequest(post, signedHeaders(goodBody), goodBody.slice(0, 10)));
  await bodyAwaited(pipeline);
  await pipeline.clock.advance(bodyTimeoutMs - 1);
  connection.send(goodBody.slice(10));
  await untilTrue('an answer', () => connection.answers().length === 1);
  assert.is(connection.answers()[0]?.status, 200);
  assert.equal(pipeline.remaining, [tenantDeadlineMs - bodyTimeoutMs + 1]);
  connection.end();
  await pipeline.close();
});

for (const [what, headers, ms] of [
  ['its own time-out', [], bodyTimeoutMs],
  ['X-Timeout-Ms, where that is earlier', ['X-Timeout-Ms: 100'], 100],
] as const) {
  test(`a slow body is cut at ${what}, not before, with an answer and the connection closed`, async () => {
    const pipeline = await openTimed();
    const connection = await openRaw(pipeline.port);
    connection.send(rawRequest(post, [...signedHeaders(goodBody), ...headers], goodBody.slice(0, 10)));
    await bodyAwaited(pipeline);
    await pipeline.clock.advance(ms - 1);
    assert.equal(pipeline.answered, []);
    await pipeline.clock.advance(1);
    await untilTrue('an answer', () => connection.answers().length === 1);
    const [answer] = connection.answers();
    assert.equal([answer?.status, answer?.json.code], [504, 'deadline_exceeded']);
    assert.is(answer?.headers.connection, 'close');
    assert.equal(pipeline.remaining, []);
    connection.destroy();
    await pipeline.close();
  });
}

test('a caller that expects 100-continue is told to go on, and answered', async () => {
  const pipeline = await openTimed();
  const connection = await openRaw(pipeline.port);
  connection.send(rawRequest(post, [...signedHeaders(goodBody), 'Expect: 100-continue']));
  await bodyAwaited(pipeline);
  connection.send(goodBody);
  await untilTrue('an answer', () => connection.answers().length === 1);
  assert.is(connection.answers()[0]?.status, 200);
  connection.end();
  await pipeline.close();
});

test('a body that is refused by its headers is answered before it is sent', async () => {
  const pipeline = await openTimed();
  const connection = await openRaw(pipeline.port);
  connection.send(rawRequest(post, ['Content-Length: 1000000', 'Expect: 100-continue']));
  await untilTrue('an answer', () => connection.answers().length === 1);
  assert.is(connection.answers()[0]?.status, 413);
  assert.is(connection.answers()[0]?.headers.connection, 'close');
  connection.destroy();
  await pipeline.close();
});

test('no request leaves a timer behind, its action having waited or not', async () => {
  const pipeline = await openPipeline({
    run: ({ deadline }) => deadline.race(Promise.resolve({ body: answerBody, source: 'memory' } as const)),
  });
  for (const body of [goodBody, '{', '{}', 'x'.repeat(5_000)]) await pipeline.post(body);
  assert.is(pipeline.clock.pending(), 0);
  await pipeline.close();
});

test.run();
