/**
 * Who is turned away, and that it happens at once: a tenant's rate and concurrency, the process's requests and body bytes.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { prepareDatabase } from '../services/database.ts';
import { type Answer, startHandler, type TestHandler } from '../services/handler.ts';
import { createHold, heldAction } from '../services/hold.ts';
import { startPostgres } from '../services/postgres.ts';
import { assertProblem } from '../services/problem.ts';
import { openRaw, rawRequest } from '../services/raw-http.ts';
import { until } from '../services/until.ts';

const postgres = await startPostgres();
const database = await prepareDatabase(postgres);
const hold = await createHold(postgres, database);
const env = { DATABASE_URL: database.url, STATEMENT_TIMEOUT_MS: '30000' };
const limits = { deadlineMilliseconds: 30_000, requestsPerSecond: 10_000, burst: 10_000 };
const tenantWith = (tenantId: string, own: object) => ({
  tenantId,
  spec: { actions: [heldAction()], limits: { ...limits, ...own } },
});

const handler = await startHandler(env, [
  tenantWith('few', { concurrency: 3 }),
  tenantWith('slow', { requestsPerSecond: 1, burst: 3 }),
  tenantWith('free', {}),
]);
const narrow = await startHandler({ ...env, REQUESTS_IN_FLIGHT_MAX: '2', BODY_BYTES_IN_FLIGHT_MAX: '70000' }, [
  tenantWith('free', {}),
]);
await Promise.all([handler.ready(), narrow.ready()]);

const ask = (where: TestHandler, tenantId: string, key: string) =>
  where.ask(tenantId, { keys: [key] }, { action: 'held' });
const head = (length: number) => rawRequest('POST /data-action HTTP/1.1', [`Content-Length: ${length}`]);

/** Whoever comes before the others are inside takes a place himself, and gives it back at once. */
const refusal = (where: TestHandler, tenantId: string): Promise<Answer> =>
  until('a refusal', async () => {
    const options = { action: 'held', headers: { 'X-Timeout-Ms': '50' } };
    const answer = await where.ask(tenantId, { keys: ['one more'] }, options);
    assert.is.not(answer.status, 504);
    return answer;
  });

const shed = async (where: TestHandler, reason: string): Promise<number> => {
  const { text } = await where.admin('/metrics');
  return Number(new RegExp(`shed_total\\{reason="${reason}"\\} (\\d+)`).exec(text)?.[1] ?? 0);
};

test('429 too_many_concurrent: one more than concurrency, at once, and of this tenant alone', async () => {
  await hold.hold();
  const inside = ['a', 'b', 'c'].map((key) => ask(handler, 'few', key));
  await hold.waiting(1);
  const beyond = await refusal(handler, 'few');
  assertProblem(beyond, 429, 'too_many_concurrent', true);
  const free = ask(handler, 'free', 'a');
  await hold.letGo();
  for (const answer of await Promise.all([...inside, free])) assert.is(answer.status, 200);
  assert.is((await ask(handler, 'few', 'd')).status, 200, 'there is room again');
  assert.ok((await shed(handler, 'too_many_concurrent')) >= 1);
});

test('429 rate_limited: once the burst is used up, with the seconds until it makes sense again', async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask(handler, 'slow', 'a')));
  const taken = answers.filter(({ status }) => status === 200);
  assert.ok(taken.length >= 3 && taken.length < 20, `${taken.length} of 20`);
  for (const answer of answers) if (answer.status !== 200) assertProblem(answer, 429, 'rate_limited', true);
  assert.is((await ask(handler, 'free', 'b')).status, 200, 'another tenant is not held up');
});

test('an unproven or malformed request costs its tenant none of its rate', async () => {
  await handler.apply([tenantWith('fresh', { requestsPerSecond: 1, burst: 1 })]);
  for (let n = 0; n < 20; n += 1) {
    await handler.ask('fresh', { keys: [] }, { action: 'held' });
    await handler.ask('fresh', { keys: ['a'] }, { action: 'held', secret: 'some other secret' });
  }
  assert.is((await ask(handler, 'fresh', 'a')).status, 200);
});

test('503 overloaded: one more request than the process takes, before its body is read', async () => {
  await hold.hold();
  const inside = [ask(narrow, 'free', 'a'), ask(narrow, 'free', 'b')];
  await hold.waiting(1);
  await refusal(narrow, 'free');
  const connection = await openRaw(narrow.port);
  connection.send(head(10));
  const [answer] = await connection.closed;
  assert.ok(answer);
  assertProblem(answer, 503, 'overloaded', true);
  await hold.letGo();
  for (const { status } of await Promise.all(inside)) assert.is(status, 200);
  assert.is((await ask(narrow, 'free', 'c')).status, 200);
  assert.ok((await shed(narrow, 'requests')) >= 1);
});

test('bodies that are announced and do not come hold up nobody: those that wait longest are turned away', async () => {
  const silent = await Promise.all(Array.from({ length: 20 }, () => openRaw(narrow.port)));
  for (const [n, connection] of silent.entries()) {
    connection.send(n % 2 ? head(10) : rawRequest('POST /data-action HTTP/1.1', ['Transfer-Encoding: chunked']));
  }
  const refused = await Promise.race(silent.map(({ closed }) => closed));
  assert.ok(refused[0]);
  assertProblem(refused[0], 503, 'overloaded', true);
  assert.is((await ask(narrow, 'free', 'meanwhile')).status, 200);
  for (const { destroy } of silent) destroy();
});

test('503 overloaded: more body bytes than the process holds, those on their way first', async () => {
  const slow = await openRaw(narrow.port);
  slow.send(rawRequest('POST /data-action HTTP/1.1', ['Content-Length: 65536', 'Expect: 100-continue']));
  await until('the slow one to be let in', async () => assert.match(slow.received(), '100 Continue'));
  slow.send('x'.repeat(60_000));
  const large = '{"a":1}'.padEnd(60_000, ' ');
  await until('the slow one to make room', async () => {
    assert.is((await narrow.post('free', large)).status, 401);
    assert.is(slow.answers()[0]?.status, 503);
  });
  slow.destroy();
  assert.ok((await shed(narrow, 'body_bytes')) >= 1);
});

test.after(async () => {
  await hold.close();
  await Promise.all([handler.stop(), narrow.stop()]);
});
test.run();
