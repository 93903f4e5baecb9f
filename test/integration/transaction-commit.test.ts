/**
 * Connections and servers that die before, during and after COMMIT: the caller's three tries with one key make the change
 * exactly once, also when each reaches another handler, and cached rows are never older than a change that may have been made.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cachedCounterActions, counter, createCounters, gateCommits, setCounters } from '../services/counters.ts';
import { prepareDatabase } from '../services/database.ts';
import { type Answer, startHandler } from '../services/handler.ts';
import { metric } from '../services/metric.ts';
import { assertProblem } from '../services/problem.ts';
import { startProxiedPostgres } from '../services/proxied.ts';
import { createStatementGate } from '../services/statement-gate.ts';
import { until } from '../services/until.ts';

const { database, server, proxy } = await startProxiedPostgres();
const direct = await prepareDatabase(server);
await createCounters(database);
const setUpGate = () => createStatementGate(server.url);
let gate = await setUpGate();
await gateCommits(database);

const actions = cachedCounterActions();
const tenants = [
  { tenantId: 'acme', spec: { actions, limits: { deadlineMilliseconds: 20_000 } } },
  { tenantId: 'hasty', spec: { actions, limits: { deadlineMilliseconds: 1_000 } } },
];
/** The first one's way to PostgreSQL breaks, the second one's does not. */
const [fragile, sound] = await Promise.all([
  startHandler({ DATABASE_URL: database.url }, tenants),
  startHandler({ DATABASE_URL: direct.url }, tenants),
]);
await Promise.all([fragile.ready(), sound.ready()]);

let keys = 0;
const begin = async (tenantId = 'acme') => {
  await setCounters(database, tenantId, { names: ['a'] });
  keys += 1;
  const headers = { 'Idempotency-Key': `key-${keys}` };
  const send = (handler = fragile): Promise<Answer> =>
    handler.ask(tenantId, { name: 'a' }, { action: 'increment', headers });
  const settled = () => counter(database, tenantId, 'a');
  return { send, settled };
};

/** As the caller does: again, until it has been answered. */
const repeats = async (send: (handler?: typeof sound) => Promise<Answer>): Promise<void> => {
  const again = await until('the second try', async () => {
    const answer = await send(sound);
    if (answer.status !== 200) throw new Error(answer.text);
    return answer;
  });
  const third = await until('the third try', async () => {
    const answer = await send(fragile);
    if (answer.status !== 200) throw new Error(answer.text);
    return answer;
  });
  assert.is(again.text, '{"output":{"counters":[{"name":"a","n":1}],"count":1}}');
  assert.is(third.text, again.text);
};

const endBackends = (query = '%COMMIT%') =>
  database.sql(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE $1 AND pid <> pg_backend_pid()',
    [query],
  );
/** From now on a change waits in its statement, and no longer in its COMMIT. */
const waitInStatements = () =>
  database.sql(`BEGIN; ALTER TABLE counters DISABLE TRIGGER gated;
    CREATE TRIGGER slow BEFORE UPDATE ON counters FOR EACH STATEMENT EXECUTE FUNCTION wait_gate_trigger(); COMMIT`);
const waitInCommits = () => database.sql('DROP TRIGGER slow ON counters; ALTER TABLE counters ENABLE TRIGGER gated');
const rolledBack = async () => (await metric(fragile, 'rollback_total', { tenant_id: 'acme' })) ?? 0;

test('before COMMIT: the connection is cut while a statement waits', async () => {
  const { send, settled } = await begin();
  await waitInStatements();
  await gate.hold();
  const first = send();
  await gate.waiting(1);
  await proxy.mode('reset');
  assertProblem(await first, 503, 'database_unavailable', true);
  await proxy.mode('forward');
  await gate.release();
  await gate.waiting(0);
  await waitInCommits();
  assert.is(await settled(), 0);
  await repeats(send);
  assert.is(await settled(), 1);
});

test('without a key COMMIT is sent along: the connection is cut while the statement waits, and it may hold or not', async () => {
  await begin();
  await fragile.ask('acme', { name: ['a'] }, { action: 'balances' });
  await waitInStatements();
  const before = await rolledBack();
  await gate.hold();
  const asked = fragile.ask('acme', { name: 'a' }, { action: 'increment' });
  await gate.waiting(1);
  await proxy.mode('reset');
  assertProblem(await asked, 503, 'database_unavailable', true);
  assert.is(await rolledBack(), before, 'nobody knows that yet');
  await gate.release();
  await proxy.mode('forward');
  await until('the commit', async () => assert.is(await counter(database, 'acme', 'a'), 1));
  await waitInCommits();
  const read = await fragile.ask('acme', { name: ['a'] }, { action: 'balances' });
  assert.match(read.text, '"n":1');
});

test('without a key COMMIT is sent along: a backend that is ended while the statement waits has undone it', async () => {
  await begin();
  await waitInStatements();
  await gate.hold();
  const asked = fragile.ask('acme', { name: 'a' }, { action: 'increment' });
  await gate.waiting(1);
  await endBackends('%UPDATE counters%');
  assertProblem(await asked, 503, 'database_unavailable', true);
  await gate.release();
  await waitInCommits();
  assert.is(await counter(database, 'acme', 'a'), 0);
});

test('during COMMIT: its backend is ended, and nothing holds', async () => {
  const { send, settled } = await begin();
  await gate.hold();
  const first = send();
  await gate.waiting(1);
  await endBackends();
  assertProblem(await first, 503, 'database_unavailable', true);
  await gate.release();
  assert.is(await settled(), 0);
  await repeats(send);
  assert.is(await settled(), 1);
});

test('during COMMIT: the connection is cut, and PostgreSQL commits all the same', async () => {
  const { send, settled } = await begin();
  await fragile.ask('acme', { name: ['a'] }, { action: 'balances' });
  await gate.hold();
  const first = send();
  await gate.waiting(1);
  await proxy.mode('reset');
  assertProblem(await first, 503, 'database_unavailable', true);
  await gate.release();
  await until('the commit', async () => assert.is(await settled(), 1));
  await proxy.mode('forward');
  await repeats(send);
  assert.is(await settled(), 1);
  const read = await fragile.ask('acme', { name: ['a'] }, { action: 'balances' });
  assert.match(read.text, '"n":1');
});

test('COMMIT is sent along with what is ahead of it: the connection is cut while the answer is stored, and it may hold or not', async () => {
  const { send, settled } = await begin();
  await database.sql(`BEGIN; ALTER TABLE counters DISABLE TRIGGER gated;
    CREATE TRIGGER storing AFTER UPDATE ON idempotency_keys FOR EACH ROW EXECUTE FUNCTION wait_gate_trigger(); COMMIT`);
  const before = await rolledBack();
  await gate.hold();
  const first = send();
  await gate.waiting(1);
  await proxy.mode('reset');
  assertProblem(await first, 503, 'database_unavailable', true);
  assert.is(await rolledBack(), before, 'nobody knows that yet');
  await gate.release();
  await proxy.mode('forward');
  await database.sql('DROP TRIGGER storing ON idempotency_keys; ALTER TABLE counters ENABLE TRIGGER gated');
  await repeats(send);
  assert.is(await settled(), 1);
});

test('after COMMIT: its answer is lost', async () => {
  const { send, settled } = await begin('hasty');
  await gate.hold();
  const first = send();
  await gate.waiting(1);
  await proxy.mode('hang');
  await gate.release();
  assertProblem(await first, 504, 'deadline_exceeded');
  await until('the commit', async () => assert.is(await settled(), 1));
  await proxy.mode('forward');
  await repeats(send);
  assert.is(await settled(), 1);
});

test('the server is killed during COMMIT, and started again', async () => {
  const { send, settled } = await begin();
  await gate.hold();
  const first = send();
  await gate.waiting(1);
  await server.kill();
  assertProblem(await first, 503, 'database_unavailable', true);
  await server.start();
  gate = await setUpGate();
  await repeats(send);
  assert.is(await settled(), 1);
});

test.after(async () => {
  await gate.close();
  await Promise.all([fragile.stop(), sound.stop()]);
  await proxy.close();
});
test.run();
