/** Answers that wait for the end of their turn are neither lost nor changed by what becomes of their connection meanwhile. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { untilTrue } from '../../test/services/loopback.ts';
import { goodBody, openPipeline, signedHeaders } from '../../test/services/pipeline.ts';
import { exchange, openRaw, rawRequest } from '../../test/services/raw-http.ts';

const post = 'POST /data-action HTTP/1.1';
const good = rawRequest(post, signedHeaders(goodBody), goodBody);
const numbers = (most: number): readonly number[] => Array.from({ length: most }, (_, index) => index + 1);

const bodyOf = (n: number): string => `{"output":{"name":"Zoë 🎈","n":${n}}}`;

/** Its answers are counted; `sent` tells of each whether it was sent when the handler was done with it. */
const openCounting = async () => {
  let count = 0;
  const sent: boolean[] = [];
  const pipeline = await openPipeline({
    concurrency: 1_000,
    requestsMax: 1_000,
    bodyBytesInFlightMax: 1_000_000,
    run: async () => {
      count += 1;
      return { body: bodyOf(count), source: 'memory' };
    },
    onHandled: (response) => sent.push(response.writableEnded),
  });
  return { ...pipeline, sent };
};

test('answers to several requests of one turn are held to its end, and go out as they were made', async () => {
  const { port, sent, close } = await openCounting();
  const connection = await openRaw(port);
  connection.send(good.repeat(3));
  connection.end();
  const answers = await connection.closed;
  assert.equal(
    answers.map(({ text }) => text),
    numbers(3).map(bodyOf),
  );
  assert.equal(sent, [false, false, false]);
  await close();
});

test('the answer of who is alone is not held', async () => {
  const { post: postSigned, sent, close } = await openCounting();
  assert.is((await postSigned(goodBody)).text, bodyOf(1));
  assert.equal(sent, [true]);
  await close();
});

test('who says nothing more behind many requests gets all answers', async () => {
  const { port, close } = await openCounting();
  // As much as is read at once: the end of the connection is read along with it.
  const most = Math.floor(65_536 / good.length);
  const pad = 'x'.repeat(65_536 - most * good.length);
  const bytes = good.repeat(most).replace('Host: test', `Host: test${pad}`);
  const connections = await Promise.all(numbers(3).map(() => openRaw(port)));
  for (const connection of connections) {
    connection.send(bytes);
    connection.end();
  }
  const answers = (await Promise.all(connections.map(({ closed }) => closed))).flat();
  assert.equal(
    answers.map(({ json }) => Object(json.output).n).toSorted((a, b) => a - b),
    numbers(3 * most),
  );
  await close();
});

for (const [what, bytes] of Object.entries({
  'no HTTP': 'garbage\r\n\r\n',
  'a body longer than was said': '}',
})) {
  test(`what is broken behind requests of the same packet is answered after them: ${what}`, async () => {
    const { port, close } = await openCounting();
    const answers = await exchange(port, good.repeat(4) + bytes);
    assert.equal(
      answers.map(({ status }) => status),
      [200, 200, 200, 200, 400],
    );
    await close();
  });
}

const turns = async (count: number): Promise<void> => {
  for (let n = 0; n < count; n += 1) await new Promise<void>((resolve) => setImmediate(resolve));
};

/** Its answers come some turns after their requests. */
const openLater = () =>
  openPipeline({
    run: async () => {
      await turns(3);
      return { body: bodyOf(1), source: 'memory' };
    },
  });

const statuses = (answers: readonly { readonly status: number }[]): readonly number[] =>
  answers.map(({ status }) => status);

for (const [what, bytes] of Object.entries({
  'no HTTP': 'garbage\r\n\r\n',
  'a body longer than was said': '}',
  'a broken body': rawRequest(post, ['Transfer-Encoding: chunked'], 'zz\r\n'),
})) {
  test(`what is broken behind requests that are at work is answered after them: ${what}`, async () => {
    const { port, answered, close } = await openLater();
    assert.equal(statuses(await exchange(port, good.repeat(2) + bytes)), [200, 200, 400]);
    assert.equal(statuses(answered), [200, 200]);
    await close();
  });
}

test('half a request, and then the end, takes no answer from those ahead of it', async () => {
  const { port, close } = await openLater();
  const connection = await openRaw(port);
  connection.send(`${good.repeat(2)}POST /data-action HT`);
  connection.end();
  assert.equal(statuses(await connection.closed), [200, 200, 400]);
  await close();
});

test('an answer that ends its connection is the last one, whatever is broken behind its request', async () => {
  const { port, gate, close } = await openLater();
  gate.drain();
  assert.equal(statuses(await exchange(port, `${good}garbage\r\n\r\n`)), [200]);
  await close();
});

test('a body above its bound that is there by the end of a later turn does not cost its refusal the connection', async () => {
  const { port, close } = await openCounting();
  const connection = await openRaw(port);
  const [signature = ''] = signedHeaders(goodBody).slice(1);
  connection.send(rawRequest(post, ['Transfer-Encoding: chunked', 'Expect: 100-continue', signature]));
  await untilTrue('the expectation to be met', () => connection.received().startsWith('HTTP/1.1 100'));
  connection.send(`800\r\n${'x'.repeat(2_048)}\r\n0\r\n\r\n${good}`);
  connection.end();
  assert.equal(
    (await connection.closed).map(({ status }) => status),
    [413, 200],
  );
  await close();
});

test('a refusal whose body is broken in the same packet is the only answer', async () => {
  const pipeline = await openPipeline({ requestsMax: 0 });
  const answers = await exchange(pipeline.port, rawRequest(post, ['Transfer-Encoding: chunked'], 'zz\r\n'));
  assert.equal(
    answers.map(({ status }) => status),
    [503],
  );
  await pipeline.close();
});

test.run();
