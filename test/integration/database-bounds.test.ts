/**
 * What bounds a statement: the queue in front of the pool, time-outs, session settings. And what a failure costs.
 *
 * also over docker
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type AppError, isAppError } from '../../pkg/errors/app-error.ts';
import { sqlStateOf } from '../../pkg/postgres/pg-error.ts';
import { createStatement, createUnnamedStatement } from '../../pkg/postgres/statement.ts';
import { runTransaction } from '../../pkg/postgres/transaction.ts';
import { systemClock } from '../../pkg/process/clock.ts';
import { databaseLimits } from '../../pkg/process/limits.ts';
import { createManualClock } from '../../pkg/process/manual-clock.ts';
import { createDeadline } from '../../pkg/resilience/deadline.ts';
import { prepareDatabase } from '../services/database.ts';
import { minute, openDatabase } from '../services/open-database.ts';
import { startPostgres } from '../services/postgres.ts';
import { createStatementGate, usesWholePool } from '../services/statement-gate.ts';
import { until } from '../services/until.ts';

const postgres = await startPostgres();
const { url, sql } = await prepareDatabase(postgres);
const gate = await createStatementGate(postgres.url);
const closers = [gate.close];

const open = async (options: Partial<Parameters<typeof openDatabase>[0]> = {}) => {
  const database = openDatabase({ url, ...options });
  closers.push(database.stop);
  await database.answers();
  return database;
};

const failure = async (work: Promise<unknown>): Promise<AppError> => {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!isAppError(error)) throw new Error('no AppError', { cause: error });
  return error;
};

test('above the queue, and for a deadline that the queue cannot meet, the answer is overloaded at once', async () => {
  const database = await open({ queueMax: 3 });
  await gate.hold();
  const held = Array.from({ length: database.poolMax }, () => database.run('SELECT wait_gate(), $1::text'));
  await gate.waiting(database.poolMax);
  const queued = Array.from({ length: 3 }, (_, n) => database.run('SELECT $1::int AS n', String(n)));
  const refused = await failure(database.run('SELECT $1::text'));
  assert.is(refused.code, 'overloaded');
  assert.ok((refused.retryAfterMs ?? 0) > 0);
  assert.is(database.stats().waiting, 3);
  await gate.release();
  await Promise.all(held);
  assert.equal((await Promise.all(queued)).flat(), [{ n: 0 }, { n: 1 }, { n: 2 }]);
  await usesWholePool(database, gate);
});

test('a deadline ends the wait for a connection and leaves no place taken in the queue', async () => {
  const database = await open({ queueMax: 1 });
  await gate.hold();
  const held = Array.from({ length: database.poolMax }, () => database.run('SELECT wait_gate(), $1::text'));
  await gate.waiting(database.poolMax);
  assert.is((await failure(database.run('SELECT $1', '', createDeadline(systemClock, 20)))).code, 'deadline_exceeded');
  assert.is(database.stats().waiting, 0);
  const next = database.run('SELECT $1::text AS x', 'next');
  await gate.release();
  await Promise.all(held);
  assert.equal(await next, [{ x: 'next' }]);
});

test('a statement is cut by statement_timeout, as deadline_exceeded, and costs no slot', async () => {
  const database = await open({ statementTimeoutMs: 150 });
  const cut = await Promise.all(
    Array.from({ length: 2 * database.poolMax }, () => failure(database.run('SELECT pg_sleep(30), $1::text'))),
  );
  for (const error of cut) {
    assert.is(error.code, 'deadline_exceeded');
    assert.is(sqlStateOf(error), '57014');
  }
  const patient = await open();
  await usesWholePool(patient, gate);
});

test('what PostgreSQL ends at the deadline of a transaction is waited for, is known to hold nothing, and costs no connection', async () => {
  const clock = createManualClock();
  const database = await open({ poolMax: 1, clock });
  const pid = async () => (await database.run('SELECT pg_backend_pid() AS pid, $1::text'))[0]?.pid;
  const before = await pid();
  const deadline = createDeadline(clock, 200);
  const result = await runTransaction(database, { clock, isolation: 'ReadCommitted', deadline }, async ({ run }) => {
    // Here it is over when the statement has been sent; PostgreSQL takes its time.
    await Promise.all([run(createStatement('SELECT pg_sleep(60)'), []), clock.advance(200)]);
  });
  assert.is(result.end, 'rolled_back');
  assert.is(sqlStateOf('error' in result && result.error), '57014');
  assert.is(await pid(), before);
});

test('every connection has the session settings that the contract names', async () => {
  await sql(`ALTER ROLE dataactions_handler SET TimeZone = 'Asia/Tokyo'`);
  const database = await open({ statementTimeoutMs: 1_234 });
  const [settings] = await database.run(
    `SELECT current_setting('TimeZone') AS zone, current_setting('lock_timeout') AS lock,
       current_setting('statement_timeout') AS statement, current_setting('idle_in_transaction_session_timeout') AS idle,
       '2026-01-01 00:00:00+09'::timestamptz::text AS moment WHERE $1 = ''`,
  );
  assert.equal(settings, {
    zone: 'UTC',
    lock: `${databaseLimits.lockTimeoutMs / 1_000}s`,
    statement: '1234ms',
    idle: `${databaseLimits.idleInTransactionTimeoutMs / 1_000}s`,
    moment: '2025-12-31 15:00:00+00',
  });
});

test('a wait for a lock ends as unavailable', async () => {
  const blocker = await open({ url: postgres.url });
  const locked = blocker.run(`SELECT pg_advisory_lock(99)::text, wait_gate() WHERE $1 = ''`);
  await gate.hold();
  const database = await open();
  await gate.release();
  await locked;
  const error = await failure(database.run('SELECT pg_advisory_lock(99)::text, $1::text'));
  assert.is(error.code, 'database_unavailable');
  assert.is(sqlStateOf(error), '55P03');
});

for (const [what, text, value, state, keeps] of [
  ['divides by zero', 'SELECT 1 / $1::int', '0', '22012', true],
  ['is given no UUID', 'SELECT $1::uuid', 'no uuid', '22P02', true],
  // The statement was fine when it was checked: it may be the session that no longer is.
  ['names what is not there', 'SELECT $1 FROM nowhere', '', '42P01', false],
  ['is two', 'SELECT $1; SELECT 2', '', '42601', false],
] as const) {
  test(`a statement that ${what} fails alone and ${keeps ? 'keeps' : 'loses'} its connection`, async () => {
    const database = await open({ poolMax: 1 });
    const pid = async () => (await database.run('SELECT pg_backend_pid() AS pid, $1::text'))[0]?.pid;
    const before = await pid();
    const error = await failure(database.run(text, value));
    assert.is(error.code, 'statement_failed');
    assert.is(sqlStateOf(error), state);
    assert.is((await pid()) === before, keeps);
  });
}

test('a prepared statement is prepared once per connection and survives a change of its table', async () => {
  await sql('CREATE TABLE t (a int); INSERT INTO t VALUES (1); GRANT SELECT ON t TO dataactions_service');
  const database = await open({ poolMax: 1 });
  const statement = createStatement('SELECT row_to_json(r)::text AS row FROM (SELECT * FROM t WHERE a = $1::int) AS r');
  const ask = () => database.query(statement, ['1'], minute());
  await ask();
  assert.equal(await ask(), [{ row: '{"a":1}' }]);
  const prepared = await database.run(
    'SELECT count(*)::int AS n FROM pg_prepared_statements WHERE name = $1',
    statement.name,
  );
  assert.equal(prepared, [{ n: 1 }]);
  await sql('ALTER TABLE t ADD b text');
  assert.equal(await ask(), [{ row: '{"a":1,"b":null}' }]);
});

test('a prepared statement whose rows are other ones now, or that the session has lost, fails once and costs its connection', async () => {
  await sql('CREATE TABLE u (a int); INSERT INTO u VALUES (1); GRANT SELECT ON u TO dataactions_service');
  const database = await open({ poolMax: 1 });
  const statement = createStatement('SELECT * FROM u WHERE a = $1::int');
  const ask = () => database.query(statement, ['1'], minute());
  await ask();
  await sql('ALTER TABLE u ADD b text');
  assert.is(sqlStateOf(await failure(ask())), '0A000');
  assert.equal(await ask(), [{ a: 1, b: null }]);
  await database.lend((run) => run(createUnnamedStatement('DEALLOCATE ALL'), []), minute());
  assert.is(sqlStateOf(await failure(ask())), '26000');
  assert.equal(await ask(), [{ a: 1, b: null }]);
});

test('the ping keeps poolMin connections open, and only they are', async () => {
  const clock = createManualClock();
  const database = openDatabase({ url: `${url}?application_name=warm`, clock, poolMin: 3, poolMax: 4 });
  closers.push(database.stop);
  await until('the connections', async () => assert.is(database.stats().idle, 3));
  const pids = async () =>
    await sql(`SELECT pid, query_start FROM pg_stat_activity WHERE application_name = 'warm' ORDER BY pid`);
  const before = await pids();
  assert.is(before.length, 3);
  await clock.advance(databaseLimits.poolPingIntervalMs);
  await until('a ping of each', async () => {
    const now = await pids();
    assert.equal(
      now.map((row) => row.pid),
      before.map((row) => row.pid),
    );
    for (const [at, row] of now.entries()) assert.ok(Number(row.query_start) > Number(before[at]?.query_start));
  });
  await database.stop();
  assert.is(clock.pending(), 0, 'nobody pings any more');
});

test.after(async () => {
  await Promise.allSettled(closers.map((close) => close()));
});
test.run();
