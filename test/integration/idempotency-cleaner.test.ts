import { Client } from 'pg';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { AppError } from '../../pkg/errors/app-error.ts';
import { createIdempotencyCleaner } from '../../pkg/postgres/idempotency-cleaner.ts';
import { idempotencyLimits } from '../../pkg/process/limits.ts';
import { createManualClock } from '../../pkg/process/manual-clock.ts';
import { prepareDatabase } from '../services/database.ts';
import { openDatabase } from '../services/open-database.ts';
import { startPostgres } from '../services/postgres.ts';
import { until } from '../services/until.ts';

const postgres = await startPostgres();
const { url, sql } = await prepareDatabase(postgres);
const database = openDatabase({ url });
await database.answers();
const { cleanIntervalMs, cleanRowsMax, cleanJitter } = idempotencyLimits;

const insert = (rows: number, age: string) =>
  sql(
    `INSERT INTO idempotency_keys SELECT 'acme', 'a', $2 || n, 'h', '{}', now() - $2::interval FROM generate_series(1, $1::int) AS n`,
    [rows, age],
  );
const count = async () => Number((await sql('SELECT count(*) AS n FROM idempotency_keys'))[0]?.n);

const setUp = (random = 0.5) => {
  const clock = createManualClock();
  const failures: AppError[] = [];
  let batches = 0;
  const cleaner = createIdempotencyCleaner({
    database: {
      query: (...job) => {
        batches += 1;
        return database.query(...job);
      },
    },
    clock,
    timeoutMs: 60_000,
    random: () => random,
    hooks: { onFailure: (error) => void failures.push(error) },
  });
  cleaner.start();
  return { clock, failures, cleaner, batches: () => batches };
};

test('removes what is older than 24 hours, batch by batch, and nothing younger', async () => {
  await insert(2 * cleanRowsMax + 1, '25 hours');
  await insert(7, '23 hours');
  const { clock, cleaner, batches, failures } = setUp();
  await clock.advance(cleanIntervalMs - 1);
  assert.is(batches(), 0);
  await clock.advance(1);
  await until('the old ones to be gone', async () => assert.is(await count(), 7));
  await cleaner.stop();
  assert.is(batches(), 3);
  assert.equal(failures, []);
  await clock.advance(10 * cleanIntervalMs);
  assert.is(batches(), 3, 'a stopped one looks no more');
});

test('pods that started together do not look together', async () => {
  const early = setUp(0);
  const late = setUp(1 - Number.EPSILON);
  for (const { clock } of [early, late]) await clock.advance(cleanIntervalMs * (1 - cleanJitter) + 1);
  assert.equal([early.batches(), late.batches()], [1, 0]);
  await late.clock.advance(cleanIntervalMs * 2 * cleanJitter);
  assert.is(late.batches(), 1);
  await Promise.all([early.cleaner.stop(), late.cleaner.stop()]);
});

test('a row that somebody else holds holds nobody up', async () => {
  await insert(2, '26 hours');
  const holder = new Client({ connectionString: postgres.url });
  await holder.connect();
  await holder.query("BEGIN; SELECT FROM idempotency_keys WHERE key = '26 hours1' FOR UPDATE");
  const { clock, failures, cleaner } = setUp();
  await clock.advance(cleanIntervalMs);
  await cleaner.stop();
  const left = await count();
  await holder.end();
  assert.equal([left, failures], [8, []]);
  const next = setUp();
  await next.clock.advance(cleanIntervalMs);
  await next.cleaner.stop();
  assert.is(await count(), 7);
});

test('what fails is told and tried again', async () => {
  await insert(1, '27 hours');
  await sql('ALTER TABLE idempotency_keys RENAME TO elsewhere');
  const { clock, failures, cleaner } = setUp();
  await clock.advance(cleanIntervalMs);
  await until('the failure', async () => assert.is(failures.length, 1));
  assert.is(failures[0]?.code, 'statement_failed');
  await sql('ALTER TABLE elsewhere RENAME TO idempotency_keys');
  await clock.advance(cleanIntervalMs);
  await until('the row to be gone', async () => assert.is(await count(), 7));
  await cleaner.stop();
});

test.after(() => database.stop());
test.run();
