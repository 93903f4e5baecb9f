/**
 * A commit that an operator cancels (`pg_cancel_backend`) while it waits for the disk: PostgreSQL finishes it and may refuse COMMIT all the same,
 * where it has something to log behind it.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createStatement } from '../../pkg/postgres/statement.ts';
import { runTransaction } from '../../pkg/postgres/transaction.ts';
import { systemClock } from '../../pkg/process/clock.ts';
import { prepareDatabase } from '../services/database.ts';
import { minute, openDatabase } from '../services/open-database.ts';
import { startPostgres } from '../services/postgres.ts';
import { until } from '../services/until.ts';

// Each COMMIT takes the longest that commit_delay can make it take, and is logged.
const postgres = await startPostgres({
  fsync: 'on',
  commit_delay: '100000',
  commit_siblings: '0',
  log_min_duration_statement: '0',
});
const { url, sql } = await prepareDatabase(postgres);
await sql('CREATE TABLE written (n int); GRANT INSERT ON written TO PUBLIC');
const database = openDatabase({ url, poolMax: 1 });
await database.answers();

/** @param since  for how many milliseconds it has been asked for */
const cancelWhile = (query: string, since = 0) =>
  sql(`DO $$
  BEGIN
    LOOP
      PERFORM pg_stat_clear_snapshot();
      EXIT WHEN clock_timestamp() > now() + interval '10 s';
      EXIT WHEN (SELECT bool_or(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '${query}'
        AND clock_timestamp() > query_start + interval '${since} ms');
    END LOOP;
  END $$`);

let tries = 0;
/** @param end  `commit`: all in one packet, without COMMIT */
const commitCancelled = async (end?: 'commit') => {
  const n = ++tries;
  const insert = { statement: createStatement(`INSERT INTO written VALUES (${n})`), values: [] };
  const options = { clock: systemClock, isolation: 'ReadCommitted', deadline: minute() } as const;
  const [result] = await Promise.all([
    runTransaction(database, options, ({ runAll }) => runAll([insert], end)),
    end ? cancelWhile('INSERT INTO written%', n % 2 ? 20 : 0) : cancelWhile('COMMIT'),
  ]);
  const [row] = await sql(`SELECT count(*)::int AS n FROM written WHERE n = ${n}`);
  return { ...result, holds: row?.n === 1 };
};

test('is not told as rolled back where it holds', async () => {
  const { end } = await until('one that is refused and holds', async () => {
    const result = await commitCancelled();
    assert.ok(result.end !== 'committed' && result.holds);
    return result;
  });
  assert.is(end, 'unknown');
});

test('all in one packet: what is told is so', async () => {
  for (const _ of Array(10).keys()) {
    const { end, holds } = await commitCancelled('commit');
    if (end !== 'unknown') assert.is(holds, end === 'committed');
  }
});

test('where a statement ahead of COMMIT was cancelled, it is rolled back', async () => {
  const options = { clock: systemClock, isolation: 'ReadCommitted', deadline: minute() } as const;
  const { end } = await runTransaction(database, options, async ({ run, sendAlong }) => {
    await run(createStatement('INSERT INTO written VALUES (0)'), []);
    sendAlong({ statement: createStatement('SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(60)'), values: [] });
  });
  assert.is(end, 'rolled_back');
  assert.equal(await sql('SELECT n FROM written WHERE n = 0'), []);
});

test.after(() => database.stop());
test.run();
