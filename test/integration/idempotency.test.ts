/**
 * Repeats of a transaction with one key: the first answer comes back, and the change is made once, whoever is asked and
 * however the first one is doing.
 *
 * also over docker
 */
import { Client } from 'pg';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { counter, createCounters, increment, move, setCounters } from '../services/counters.ts';
import { prepareDatabase } from '../services/database.ts';
import { startHandler, type TestHandler } from '../services/handler.ts';
import { metric } from '../services/metric.ts';
import { startPostgres } from '../services/postgres.ts';
import { assertProblem } from '../services/problem.ts';
import { until } from '../services/until.ts';

const postgres = await startPostgres();
const database = await prepareDatabase(postgres);
await createCounters(database);
const names = ['a', 'b'];
const actions = [
  increment(),
  increment({ action: 'other' }),
  increment({ isolation: 'Serializable', action: 'serializable' }),
  move,
];
const limits = { deadlineMilliseconds: 30_000 };
const tenants = ['acme', 'globex'].map((tenantId) => ({ tenantId, spec: { actions, limits } }));
/** Base64, as its scheme wants it. */
const secret = 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const hooks = { tenantId: 'hooks', secrets: [secret], spec: { actions, webhook: { scheme: 'StandardWebhooks' } } };
const handlers = await Promise.all([0, 1].map(() => startHandler({ DATABASE_URL: database.url }, [...tenants, hooks])));
const [one, two] = handlers;
if (!one || !two) throw new Error('two handlers');
await Promise.all(handlers.map((handler) => handler.ready()));

interface Call {
  readonly by?: TestHandler;
  readonly tenantId?: string;
  readonly action?: string;
  readonly name?: string;
}

const call = (key: string, { by = one, tenantId = 'acme', action = 'increment', name = 'a' }: Call = {}) =>
  by.ask(tenantId, { name }, { action, headers: { 'Idempotency-Key': key } });
const audited = async () =>
  Number((await database.sql("SELECT count(*) AS n FROM audit_log WHERE outcome = 'answered'"))[0]?.n);

test.before.each(async () => {
  for (const tenantId of ['acme', 'globex', 'hooks']) await setCounters(database, tenantId, { names });
});

test('a repeat gets the stored answer, from either handler, and is audited like any answer', async () => {
  const before = await audited();
  const first = await call('k1');
  assert.is(first.text, '{"output":{"counters":[{"name":"a","n":1}],"count":1}}');
  for (const by of [one, two, one]) {
    const again = await call('k1', { by });
    assert.is(`${again.status} ${again.text}`, `200 ${first.text}`);
  }
  assert.is(await counter(database, 'acme', 'a'), 1);
  assert.is((await audited()) - before, 4);
});

test('422: the same key with another body, which changes nothing and counts as no rollback, as nothing was tried', async () => {
  const rollbacks = () => metric(one, 'rollback_total', { tenant_id: 'acme' });
  await call('k2');
  const before = await rollbacks();
  const answer = await call('k2', { name: 'b' });
  assertProblem(answer, 422, 'idempotency_key_reused');
  assert.not.match(answer.text, 'k2');
  assert.is(await rollbacks(), before);
  assert.is(await counter(database, 'acme', 'b'), 0);
});

test('keys of different tenants and actions are different keys, and so are their answers', async () => {
  await setCounters(database, 'globex', { names, n: 10 });
  const calls = [{}, { tenantId: 'globex' }, { action: 'other' }];
  // The second round gets what is stored.
  for (const _ of ['first', 'repeat']) {
    const answers: string[] = [];
    for (const each of calls) answers.push((await call('k3', each)).text);
    assert.equal(
      answers.map((text) => /"n":(\d+)/.exec(text)?.[1]),
      ['1', '11', '2'],
    );
  }
  assert.is(await counter(database, 'acme', 'a'), 2);
  assert.is(await counter(database, 'globex', 'a'), 11);
});

test('without a key, a repeat is another request', async () => {
  for (const _ of [1, 2]) await one.ask('acme', { name: 'a' }, { action: 'increment' });
  assert.is(await counter(database, 'acme', 'a'), 2);
});

test('a message id is a key too, unless the header names another', async () => {
  const send = (messageId: string, headers = {}) =>
    one.ask('hooks', { name: 'a' }, { action: 'increment', secret, messageId, headers });
  for (const _ of [1, 2]) assert.match((await send('m1')).text, '"n":1');
  assert.match((await send('m2')).text, '"n":2');
  for (const messageId of ['m3', 'm4']) assert.match((await send(messageId, { 'Idempotency-Key': 'k' })).text, '"n":3');
});

test('400: a key that is none', async () => {
  for (const key of ['', 'x'.repeat(256), 'schl\u00fcssel', 'a\tb']) {
    const answer = await call(key);
    assertProblem(answer, 400, 'invalid_request');
    assert.equal(answer.json.errors, [{ path: 'Idempotency-Key', expected: '1 to 255 visible ASCII characters' }]);
  }
  assert.is((await call('x'.repeat(255))).status, 200);
  assert.is(await counter(database, 'acme', 'a'), 1);
});

test('what was rolled back is not stored: the same key tries again', async () => {
  const ask = () =>
    one.ask('acme', { from: 'a', to: 'b', amount: 1 }, { action: 'move', headers: { 'Idempotency-Key': 'k4' } });
  assertProblem(await ask(), 409, 'conflict');
  await setCounters(database, 'acme', { names, n: 5 });
  assert.is((await ask()).status, 200);
  assert.is((await ask()).status, 200);
  assert.is(await counter(database, 'acme', 'b'), 6);
});

for (const action of ['increment', 'serializable']) {
  test(`${action}: concurrent repeats wait for the first and get its answer`, async () => {
    const holder = new Client({ connectionString: postgres.url });
    await holder.connect();
    await holder.query("BEGIN; SELECT FROM counters WHERE tenant_id = 'acme' AND name = 'a' FOR UPDATE");
    const key = `concurrent-${action}`;
    const asked = [one, two, one, two].map((by) => call(key, { by, action }));
    await until('all of them to wait', async () => {
      const [row] = await database.sql('SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted');
      assert.is(row?.n, 4);
    });
    await holder.query('ROLLBACK');
    await holder.end();
    const answers = await Promise.all(asked);
    assert.equal(
      answers.map(({ status, text }) => `${status} ${text}`),
      Array(4).fill('200 {"output":{"counters":[{"name":"a","n":1}],"count":1}}'),
    );
    assert.is(await counter(database, 'acme', 'a'), 1);
  });
}

test('after 24 hours a key is new again, whether its row has been removed or not', async () => {
  await call('old');
  const age = (interval: string) =>
    database.sql("UPDATE idempotency_keys SET created_at = now() - $1::interval WHERE key = 'old'", [interval]);
  await age('23 hours 59 minutes');
  assert.match((await call('old')).text, '"n":1');
  await age('24 hours 1 minute');
  assert.match((await call('old', { by: two })).text, '"n":2');
  assert.match((await call('old')).text, '"n":2');
  await age('24 hours 1 minute');
  for (const by of [one, two]) assert.match((await call('old', { by, name: 'b' })).text, '"name":"b","n":1');
});

test.after(async () => {
  await Promise.all(handlers.map((handler) => handler.stop()));
});
test.run();
