/**
 * A connection that takes long to open: what waits for it ends with its deadline, and nothing begins behind it.
 *
 * also over docker
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type AppError, isAppError } from '../../pkg/errors/app-error.ts';
import { createStatement } from '../../pkg/postgres/statement.ts';
import { runTransaction } from '../../pkg/postgres/transaction.ts';
import { databaseLimits } from '../../pkg/process/limits.ts';
import { createManualClock } from '../../pkg/process/manual-clock.ts';
import { createDeadline } from '../../pkg/resilience/deadline.ts';
import { prepareDatabase } from '../services/database.ts';
import { holdBack } from '../services/hold-back.ts';
import { openDatabase } from '../services/open-database.ts';
import { startPostgres } from '../services/postgres.ts';
import { createStatementGate } from '../services/statement-gate.ts';

const postgres = await startPostgres();
const { url, sql } = await prepareDatabase(postgres);
await sql('CREATE TABLE written (n int); GRANT INSERT ON written TO dataactions_service');
const gate = await createStatementGate(postgres.url);
const closers: (() => Promise<unknown>)[] = [gate.close];
const budgetMs = 100;

/** One connection, that of the pool's own look at the server, is there; the next is kept back. */
const open = async () => {
  let isSlow = false;
  const relay = await holdBack(postgres, (chunk) => isSlow && chunk.includes('user\0'));
  const target = new URL(url);
  target.port = String(relay.port);
  const clock = createManualClock();
  const connected = Promise.withResolvers<void>();
  const database = openDatabase({ url: target.href, poolMax: 1, clock, hooks: { onReady: connected.resolve } });
  closers.push(database.stop, relay.close);
  await connected.promise;
  isSlow = true;
  return { database, clock, relay };
};

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'answered',
    (error: AppError) => (isAppError(error) ? error.code : String(error)),
  );

const insert = createStatement('INSERT INTO written VALUES (1)');
const ways: Readonly<Record<string, (opened: Awaited<ReturnType<typeof open>>) => Promise<unknown>>> = {
  'a transaction': ({ database, clock }) => {
    const options = { clock, isolation: 'ReadCommitted', deadline: createDeadline(clock, budgetMs) } as const;
    return runTransaction(database, options, ({ runAll }) => runAll([{ statement: insert, values: [] }], 'commit'));
  },
  'a statement': ({ database, clock }) => database.query(insert, [], createDeadline(clock, budgetMs)),
};

for (const [what, begin] of Object.entries(ways)) {
  test(`${what} does not begin once its deadline has passed, and the connection is kept for the next`, async () => {
    const opened = await open();
    const code = codeOf(begin(opened));
    await opened.relay.asked;
    await opened.clock.advance(budgetMs);
    opened.relay.letThrough();
    assert.is(await code, 'deadline_exceeded');
    assert.equal(await sql('SELECT n FROM written'), []);
    assert.is(opened.database.stats().idle, 1);
  });
}

test('the time that a connection takes is not off what its statement may take', async () => {
  const { database, clock, relay } = await open();
  let started = 0;
  const statement = createStatement('SELECT wait_gate()');
  const deadline = createDeadline(clock, 60_000);
  await gate.hold();
  const code = codeOf(
    database.query(statement, [], deadline, () => {
      started = clock.now();
    }),
  );
  await relay.asked;
  await clock.advance(databaseLimits.connectTimeoutMs);
  relay.letThrough();
  await gate.waiting(1);
  await clock.advance(databaseLimits.statementTimeoutMs + databaseLimits.silenceMarginMs - 1);
  await gate.release();
  assert.is(await code, 'answered');
  assert.is(started, databaseLimits.connectTimeoutMs, 'it starts when there is a connection');
});

test('what is lent for a statement that many share is given up as early as any statement, whatever the deadline', async () => {
  const { database, clock, relay } = await open();
  relay.letThrough();
  await gate.hold();
  const code = codeOf(
    database.lend(
      (run) => run(createStatement('SELECT wait_gate()'), []),
      createDeadline(clock, 60_000),
      'statement_timeout',
    ),
  );
  await gate.waiting(1);
  await clock.advance(databaseLimits.statementTimeoutMs + databaseLimits.silenceMarginMs);
  await gate.release();
  assert.is(await code, 'deadline_exceeded');
});

test.after(async () => {
  await Promise.allSettled(closers.map((close) => close()));
});
test.run();
