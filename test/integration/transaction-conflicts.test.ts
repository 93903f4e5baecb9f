/**
 * Transactions that get in each other's way: tried again where PostgreSQL says so, bounded by the deadline where they wait.
 */
import { Client } from 'pg';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { databaseLimits } from '../../pkg/process/limits.ts';
import { counter, createCounters, increment, move, setCounters } from '../services/counters.ts';
import { prepareDatabase } from '../services/database.ts';
import { startHandler } from '../services/handler.ts';
import { metric } from '../services/metric.ts';
import { startPostgres } from '../services/postgres.ts';
import { assertProblem } from '../services/problem.ts';
import { until } from '../services/until.ts';

const postgres = await startPostgres({ deadlock_timeout: '20ms' });
const database = await prepareDatabase(postgres);
await createCounters(database);
const names = ['a', 'b'];
const timeLeft = (output: string) => ({
  text: `SELECT 1000 * extract(epoch FROM current_setting('statement_timeout')::interval) AS ms FROM pg_sleep(0.2) WHERE $1 <> ''`,
  parameters: ['tenant_id'],
  output,
});
const late = {
  name: 'late',
  input: [{ name: 'name', type: 'String' }],
  transaction: { statements: [timeLeft('first'), timeLeft('second')] },
};
/** Rolled back by others, says PostgreSQL, as often as it is told to be. */
await database.sql(`CREATE SEQUENCE tries; GRANT USAGE ON SEQUENCE tries TO dataactions_service;
  CREATE FUNCTION contended(state text, times int) RETURNS int LANGUAGE plpgsql AS $$
  DECLARE attempt int := nextval('tries');
  BEGIN IF attempt <= times THEN RAISE EXCEPTION USING ERRCODE = state; END IF; RETURN attempt; END $$`);
const contended = {
  name: 'contended',
  input: [
    { name: 'state', type: 'String' },
    { name: 'times', type: 'Integer' },
  ],
  transaction: {
    statements: [
      { text: "INSERT INTO steps VALUES ($1, 'contended', NULL)", parameters: ['tenant_id'] },
      {
        text: "SELECT contended($2, $3::int) AS n WHERE $1 <> ''",
        parameters: ['tenant_id', 'state', 'times'],
        output: 'tries',
      },
    ],
  },
};
const actions = [
  contended,
  increment(),
  increment({ isolation: 'RepeatableRead', action: 'repeatable' }),
  increment({ isolation: 'Serializable', action: 'serializable' }),
  move,
  late,
];
const limits = { requestsPerSecond: 10_000, burst: 10_000, deadlineMilliseconds: 30_000 };
const poolMax = 8;
/** Fewer, so that each has a connection at once, whoever else needs one at that moment. */
const waiters = 5;
const env = { DATABASE_URL: database.url, DATABASE_POOL_MAX: String(poolMax), DATABASE_POOL_MIN: '1' };
const handler = await startHandler(env, [
  { tenantId: 'acme', spec: { actions, limits } },
  { tenantId: 'hasty', spec: { actions, limits: { ...limits, deadlineMilliseconds: 300 } } },
]);
await handler.ready();
const holder = new Client({ connectionString: postgres.url });
await holder.connect();

for (const action of ['increment', 'repeatable', 'serializable']) {
  test(`${action}: each of many concurrent changes of one row is made exactly once, or not at all and said so`, async () => {
    await setCounters(database, 'acme', { names });
    const answers = await Promise.all(Array.from({ length: 24 }, () => handler.ask('acme', { name: 'a' }, { action })));
    const made = answers.filter(({ status }) => status === 200).length;
    for (const answer of answers.filter(({ status }) => status !== 200)) assertProblem(answer, 503, 'overloaded', true);
    assert.ok(made >= 8, `${made} made`);
    assert.is(await counter(database, 'acme', 'a'), made);
    const [audited] = await database.sql(
      "SELECT count(*)::int AS n FROM audit_log WHERE action = $1 AND outcome = 'answered'",
      [action],
    );
    assert.is(audited?.n, made);
  });
}

const contend = async (state: string, times: number) => {
  await database.sql("ALTER SEQUENCE tries RESTART; DELETE FROM steps WHERE name = 'contended'");
  return handler.ask('acme', { state, times }, { action: 'contended' });
};
const steps = async () => (await database.sql("SELECT count(*)::int AS n FROM steps WHERE name = 'contended'"))[0]?.n;

for (const state of ['40001', '40P01']) {
  test(`${state}: tried again as a whole until it holds, once`, async () => {
    const answer = await contend(state, 2);
    assert.is(`${answer.status} ${answer.text}`, '200 {"output":{"tries":[{"n":3}],"count":2}}');
    assert.is(await steps(), 1);
  });
}

test('503 with Retry-After: others kept rolling it back, each of the times it was tried', async () => {
  assertProblem(await contend('40001', 1_000), 503, 'overloaded', true);
  const [last] = await database.sql('SELECT last_value::int AS n FROM tries');
  assert.is(last?.n, databaseLimits.transactionAttemptsMax);
  assert.is(await steps(), 0);
});

test('what nobody knows the end of (40003) is not tried again', async () => {
  assert.is((await contend('40003', 1)).status, 500);
  const [last] = await database.sql('SELECT last_value::int AS n FROM tries');
  assert.is(last?.n, 1);
});

test('deadlocks: the one that PostgreSQL picks is tried again, and the sum stays right', async () => {
  await setCounters(database, 'acme', { names, n: 100 });
  const answers = await Promise.all(
    Array.from({ length: 16 }, (_, n) => {
      const [from, to] = n % 2 ? names : names.toReversed();
      return handler.ask('acme', { from, to, amount: 1 }, { action: 'move' });
    }),
  );
  for (const { status, text } of answers) assert.ok([200, 503].includes(status), text);
  const [a, b] = await Promise.all(names.map((name) => counter(database, 'acme', name)));
  assert.is((a ?? 0) + (b ?? 0), 200);
});

test('504: a wait for a lock ends with the deadline, nothing holds, and no connection is lost', async () => {
  await setCounters(database, 'hasty', { names });
  await holder.query("BEGIN; SELECT FROM counters WHERE tenant_id = 'hasty' FOR UPDATE");
  const asked = Promise.all(
    Array.from({ length: waiters }, () => handler.ask('hasty', { name: 'a' }, { action: 'increment' })),
  );
  for (const answer of await asked) assertProblem(answer, 504, 'deadline_exceeded');
  await until('the server to have ended them', async () => {
    const [row] = await database.sql('SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted');
    assert.is(row?.n, 0);
  });
  // The callers have left before the handler hears of it.
  await until('the handler to have heard', async () => {
    assert.ok(((await metric(handler, 'rollback_total', { tenant_id: 'hasty' })) ?? 0) > 0);
    const timeouts = await metric(handler, 'query_duration_seconds_count', { tenant_id: 'hasty', status: 'timeout' });
    assert.ok((timeouts ?? 0) > 0);
  });
  await holder.query('ROLLBACK');
  assert.is(await counter(database, 'hasty', 'a'), 0);
  const after = await Promise.all(
    Array.from({ length: poolMax }, () => handler.ask('acme', { name: 'b' }, { action: 'increment' })),
  );
  for (const { status, text } of after) assert.is(status, 200, text);
});

test('a later statement gets what is left of the deadline, not what the first one had', async () => {
  const answer = await handler.ask('acme', { name: 'a' }, { action: 'late' });
  const [, first = '', second = ''] = answer.text.match(/"first":\[\{"ms":(\d+).*"second":\[\{"ms":(\d+)/) ?? [];
  assert.ok(Number(first) > 0 && Number(first) <= 30_000, answer.text);
  assert.ok(Number(second) <= Number(first) - 200, answer.text);
});

test.after(async () => {
  await holder.end();
  await handler.stop();
});
test.run();
