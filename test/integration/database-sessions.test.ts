/**
 * After which refusals a connection is used again, and after which it is closed: the same however it was used.
 *
 * also over docker
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { AppError, isAppError } from '../../pkg/errors/app-error.ts';
import { sqlStateOf } from '../../pkg/postgres/pg-error.ts';
import { runSharedLookup } from '../../pkg/postgres/shared-lookup.ts';
import { createStatement } from '../../pkg/postgres/statement.ts';
import { runTransaction } from '../../pkg/postgres/transaction.ts';
import { systemClock } from '../../pkg/process/clock.ts';
import { prepareDatabase } from '../services/database.ts';
import { minute, type OpenDatabase, openDatabase } from '../services/open-database.ts';
import { startPostgres } from '../services/postgres.ts';

const postgres = await startPostgres();
const { url, sql } = await prepareDatabase(postgres);
await sql(`CREATE FUNCTION fail(state text) RETURNS int LANGUAGE plpgsql AS $$
  BEGIN RAISE EXCEPTION USING ERRCODE = state, MESSAGE = state; END $$`);
const closers: (() => Promise<unknown>)[] = [];

/** Of one connection. */
const open = async () => {
  const database = openDatabase({ url, poolMax: 1 });
  closers.push(database.stop);
  await database.answers();
  return database;
};

const pidOf = async (database: OpenDatabase) =>
  (await database.run('SELECT pg_backend_pid() AS pid, $1::text'))[0]?.pid;

/** @returns whether the connection is still the same */
const keeps = async (database: OpenDatabase, refused: () => Promise<unknown>, state: string): Promise<boolean> => {
  const before = await pidOf(database);
  assert.is(sqlStateOf(await refused()), state);
  return (await pidOf(database)) === before;
};

const alone = createStatement('SELECT fail($1::text)');
const parameters = Array.from({ length: 7 }, (_, index) => `$${index + 2}::text[]`);
const together = createStatement(`SELECT fail(($1::text[])[1]), ${parameters.join(', ')}`);

const ways: Readonly<Record<string, (database: OpenDatabase, state: string) => Promise<unknown>>> = {
  'a statement': (database, state) => database.query(alone, [state], minute()).catch((error: unknown) => error),
  'a transaction': async (database, state) => {
    const options = { clock: systemClock, isolation: 'ReadCommitted', deadline: minute() } as const;
    const end = await runTransaction(database, options, ({ run }) => run(alone, [state]));
    return 'error' in end && end.error;
  },
  'a transaction in one packet': async (database, state) => {
    const options = { clock: systemClock, isolation: 'ReadCommitted', deadline: minute() } as const;
    const packet = [{ statement: alone, values: [state] }];
    const end = await runTransaction(database, options, ({ runAll }) => runAll(packet, 'commit'));
    return 'error' in end && end.error;
  },
  'a shared statement': async (database, state) => {
    const job = { readings: [[state]], records: [], deadline: minute() };
    const form = { statement: together, rows: '', valueCount: 1 };
    const run = () => runSharedLookup(database, form, job).catch((refused: unknown) => ({ refused }));
    let outcome = await run();
    // A busy machine may need longer than PostgreSQL gives it, which leaves the session as it was.
    while ('refused' in outcome && sqlStateOf(outcome.refused) === '57014' && state !== '57014') outcome = await run();
    return 'refused' in outcome && outcome.refused;
  },
};

const after: readonly (readonly [state: string, keeps: boolean, keepsNext: boolean])[] = [
  ['22012', true, true],
  ['23505', true, true],
  ['08001', true, true],
  ['53400', true, true],
  ['55P03', true, true],
  ['57014', true, true],
  // What is named there may be another session's; refused in two of them, it is nowhere.
  ['42P01', false, true],
  ['42501', false, true],
  ['08006', false, false],
  ['0A000', false, false],
  ['25006', false, false],
  ['25P02', false, false],
  ['25P03', false, false],
  ['25P04', false, false],
  ['26000', false, false],
  ['40003', false, false],
  ['53100', false, false],
  ['57P01', false, false],
  ['XX001', false, false],
];

for (const [way, refuse] of Object.entries(ways)) {
  for (const [state, first, next] of after) {
    test(`after ${state} of ${way}`, async () => {
      const database = await open();
      const refused = () => refuse(database, state);
      assert.equal([await keeps(database, refused, state), await keeps(database, refused, state)], [first, next]);
      await database.stop();
    });
  }
}

test('a transaction that its own work rolls back leaves its connection as it was', async () => {
  const database = await open();
  const options = { clock: systemClock, isolation: 'ReadCommitted', deadline: minute() } as const;
  const before = await pidOf(database);
  const result = await runTransaction(database, options, async ({ run }) => {
    await run(createStatement('SELECT 1'), []);
    throw new AppError('conflict');
  });
  assert.is(result.end, 'rolled_back');
  assert.is(await pidOf(database), before);
});

test('a transaction whose ROLLBACK was cancelled ends with its connection, and is told for its first reason', async () => {
  const database = await open();
  const lend: OpenDatabase['lend'] = (work, ...bounds) =>
    database.lend(
      (run, together) => {
        const cancelled: typeof run = (statement, values) =>
          statement.text === 'ROLLBACK' ? run(alone, ['57014']) : run(statement, values);
        return work(cancelled, together);
      },
      ...bounds,
    );
  const options = { clock: systemClock, isolation: 'ReadCommitted', deadline: minute() } as const;
  const before = await pidOf(database);
  const result = await runTransaction({ lend }, options, async ({ run }) => {
    await run(createStatement('SELECT 1'), []);
    throw new AppError('conflict');
  });
  assert.equal([result.end, 'error' in result && result.error.code], ['rolled_back', 'conflict']);
  assert.is.not(await pidOf(database), before);
});

const [{ knows } = {}] = await sql("SELECT current_setting('transaction_timeout', true) IS NOT NULL AS knows");
// PostgreSQL has it since 17.
(knows ? test : test.skip)(
  'a statement that outlives the transaction_timeout of its role ends with its session alone: whoever comes next is answered',
  async () => {
    await sql("ALTER ROLE dataactions_handler SET transaction_timeout = '100ms'");
    const database = await open();
    const both = ['SELECT pg_sleep(60), $1::text', 'SELECT $1::text AS x'].map((text) => database.run(text, 'next'));
    const [slow, next] = await Promise.allSettled(both);
    await sql('ALTER ROLE dataactions_handler RESET transaction_timeout');
    assert.is(slow?.status === 'rejected' && isAppError(slow.reason) && slow.reason.code, 'deadline_exceeded');
    assert.equal(next, { status: 'fulfilled', value: [{ x: 'next' }] });
  },
);

test('a session that is not what it should be is closed each time', async () => {
  await sql('CREATE TABLE named (n int); GRANT SELECT ON named TO dataactions_service');
  const database = await open();
  const statement = createStatement('SELECT n FROM named');
  const ask = () => database.query(statement, [], minute()).catch((error: unknown) => error);
  for (const _ of Array(3).keys()) {
    await database.run(`SELECT set_config('search_path', 'elsewhere', false), $1::text`);
    assert.is(await keeps(database, ask, '42P01'), false);
    assert.equal(await ask(), []);
  }
  await sql('DROP TABLE named');
  assert.is(await keeps(database, ask, '42P01'), false);
  for (const _ of Array(3).keys()) assert.is(await keeps(database, ask, '42P01'), true);
});

test.after(async () => {
  await Promise.allSettled(closers.map((close) => close()));
});
test.run();
