/**
 * PostgreSQL's bounds on the statements of a transaction: they go by its deadline, and end with it, as its connection is everybody's.
 *
 * also over docker
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sqlStateOf } from '../../pkg/postgres/pg-error.ts';
import { createUnnamedStatement } from '../../pkg/postgres/statement.ts';
import { runTransaction } from '../../pkg/postgres/transaction.ts';
import { systemClock } from '../../pkg/process/clock.ts';
import { databaseLimits } from '../../pkg/process/limits.ts';
import { createManualClock } from '../../pkg/process/manual-clock.ts';
import { createDeadline } from '../../pkg/resilience/deadline.ts';
import { prepareDatabase } from '../services/database.ts';
import { minute, openDatabase } from '../services/open-database.ts';
import { startPostgres } from '../services/postgres.ts';

const postgres = await startPostgres();
const { url, sql } = await prepareDatabase(postgres);
/** PostgreSQL's time alone passes. */
const clock = createManualClock();
const database = openDatabase({ url, clock, poolMax: 1, statementTimeoutMs: 7_000 });
await database.answers();

const isolation = 'ReadCommitted';
const bound = (text: string) => ({ statement: createUnnamedStatement(text), values: [] });
const bounds = bound(
  "SELECT current_setting('statement_timeout') AS statement, current_setting('lock_timeout') AS lock",
);
/** Longer than the bound of the next statement, and of the next packet, may lag behind. */
const dawdle = bound(`SELECT pg_sleep(${(2 * databaseLimits.boundSlackMs) / 1_000})`);

test('a statement of a later packet is bound by what is left then, and no wait for a lock by anything else', async () => {
  const told: unknown[] = [];
  const options = { clock, isolation, deadline: createDeadline(clock, 60_000) } as const;
  const { end } = await runTransaction(database, options, async ({ run }) => {
    for (const ms of [10_000, 0, 50_000]) {
      told.push(...(await run(bounds.statement, [])).rows);
      await clock.advance(ms);
    }
    await run(bounds.statement, []);
  });
  assert.equal(
    told,
    ['1min', '50s', '50s'].map((statement) => ({ statement, lock: '0' })),
  );
  assert.is(end, 'rolled_back');
});

for (const end of ['commit', undefined] as const) {
  test(`what bounds a transaction ends with it${end ? ', all in one packet' : ''}`, async () => {
    const options = { clock: systemClock, isolation, deadline: minute() } as const;
    const result = await runTransaction(database, options, async ({ runAll }) => {
      if (end === undefined) await runAll([dawdle]);
      return runAll([dawdle, bounds], end);
    });
    assert.is(result.end, 'committed');
    assert.equal(await database.query(bounds.statement, [], minute()), [
      { statement: '7s', lock: `${databaseLimits.lockTimeoutMs / 1_000}s` },
    ]);
  });
}

test('what PostgreSQL could not end in time leaves a bound to what is behind it', async () => {
  await sql(`CREATE FUNCTION deaf() RETURNS void LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_sleep(60); EXCEPTION WHEN query_canceled THEN END $$`);
  const options = { clock, isolation, deadline: createDeadline(clock, 100) } as const;
  const packet = [bound('SELECT deaf()'), bound('SELECT pg_sleep(60)')];
  const result = await runTransaction(database, options, ({ runAll }) => runAll(packet, 'commit'));
  assert.equal([result.end, 'error' in result && sqlStateOf(result.error)], ['rolled_back', '57014']);
});

test.after(() => database.stop());
test.run();
