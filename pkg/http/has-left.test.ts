/** Who left before the answer is told apart from who waits for it, and from what the service itself ended. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { untilTrue } from '../../test/services/loopback.ts';
import { answerBody, goodBody, openPipeline, signedHeaders } from '../../test/services/pipeline.ts';
import { openRaw, type RawConnection, rawRequest } from '../../test/services/raw-http.ts';

const post = 'POST /data-action HTTP/1.1';
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const headers = [...signedHeaders(goodBody), 'X-Request-Id: r-1', `traceparent: 00-${traceId}-00f067aa0ba902b7-01`];

let close: (() => Promise<void>) | undefined;
test.after.each(async () => {
  await close?.();
  close = undefined;
});

/** A pipeline whose action waits to be let go. */
const openHeld = async () => {
  const held = Promise.withResolvers<void>();
  let running = 0;
  const pipeline = await openPipeline({
    run: async () => {
      running += 1;
      await held.promise;
      return { body: answerBody, source: 'memory' };
    },
  });
  close = () => {
    held.resolve();
    return pipeline.close();
  };
  const connection = await openRaw(pipeline.port);
  return { ...pipeline, connection, running: () => running, letGo: held.resolve };
};

const waysToLeave: Readonly<Record<string, (connection: RawConnection) => void>> = {
  closes: (connection) => connection.destroy(),
  resets: (connection) => connection.reset(),
};

for (const [way, leave] of Object.entries(waysToLeave)) {
  test(`a caller that ${way} its connection in its body is told as abandoned, and not as answered`, async () => {
    const pipeline = await openHeld();
    pipeline.connection.send(rawRequest(post, headers, goodBody.slice(0, 10)));
    await untilTrue('the body to be awaited', () => pipeline.clock.pending() === 1);
    await pipeline.clock.advance(20);
    leave(pipeline.connection);
    await untilTrue('it to be told', () => pipeline.abandoned.length === 1);
    assert.equal(pipeline.abandoned, [{ requestId: 'r-1', traceId, durationMs: 20 }]);
    assert.equal(pipeline.answered, []);
  });

  test(`a caller that ${way} its connection while its action runs is told as answered, and abandoned`, async () => {
    const pipeline = await openHeld();
    pipeline.connection.send(rawRequest(post, headers, goodBody));
    await untilTrue('the action to run', () => pipeline.running() === 1);
    leave(pipeline.connection);
    await pipeline.connection.closed;
    // What comes later is read later.
    assert.is((await pipeline.post('{')).status, 400);
    pipeline.letGo();
    await untilTrue('it to be told', () => pipeline.answered.length === 2);
    assert.equal(
      pipeline.answered.map(({ status, abandoned }) => [status, abandoned]),
      [
        [400, undefined],
        [200, true],
      ],
    );
    assert.equal(pipeline.abandoned, []);
  });
}

test('a body that cannot be read to its end is none that its caller left', async () => {
  const pipeline = await openHeld();
  const [signature = ''] = signedHeaders(goodBody).slice(1);
  pipeline.connection.send(rawRequest(post, ['Transfer-Encoding: chunked', signature]));
  await untilTrue('the body to be awaited', () => pipeline.clock.pending() === 1);
  pipeline.connection.send('zz\r\n');
  assert.equal(
    (await pipeline.connection.closed).map(({ status }) => status),
    [400],
  );
  assert.is(pipeline.clock.pending(), 0);
  assert.equal(pipeline.abandoned, []);
});

test('who is cut by a stop has not left', async () => {
  const pipeline = await openHeld();
  pipeline.connection.send(rawRequest(post, headers, goodBody));
  await untilTrue('the action to run', () => pipeline.running() === 1);
  const closing = pipeline.close();
  assert.equal(await pipeline.connection.closed, []);
  await closing;
  pipeline.letGo();
  await untilTrue('it to be told', () => pipeline.answered.length === 1);
  assert.equal(
    pipeline.answered.map(({ status, abandoned }) => [status, abandoned]),
    [[200, undefined]],
  );
});

test.run();
