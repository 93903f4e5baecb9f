/** What a packet's outcomes mean; on a real server it is in test/integration/shared-tenants.test.ts. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isAppError } from '../errors/app-error.ts';
import { createManualClock } from '../process/manual-clock.ts';
import { createDeadline } from '../resilience/deadline.ts';
import type { Database } from './database.ts';
import { toAppError } from './pg-error.ts';
import { runSharedLookup, sharedFormOf } from './shared-lookup.ts';
import type { StatementOutcome } from './statement-batch.ts';

const done: StatementOutcome = { rows: [], rowCount: 0 };
const rows = [
  { n: 2, key: 'k', row: '"of b"' },
  { n: 0, key: '1.5', row: '' },
];
const read: StatementOutcome = { rows, rowCount: 2 };
const refusal = (code: string): StatementOutcome => ({ error: Object.assign(new Error('refused'), { code }) });
const gone: StatementOutcome = { error: new Error('Connection terminated') };

/** @returns what it ends with, and what became of the connection */
const run = async (outcomes: readonly StatementOutcome[]) => {
  let connection = 'used again';
  const lend: Database['lend'] = (work) =>
    work(
      () => Promise.reject(new Error('nothing runs alone')),
      () => Promise.resolve(outcomes),
    ).catch((error: unknown) => {
      connection = 'closed';
      throw toAppError(error);
    });
  const declaration = { text: 'SELECT id FROM t WHERE id = ANY($1)', types: ['text[]'], keyColumn: 'id' };
  const form = sharedFormOf(declaration)?.();
  assert.ok(form);
  if (!form) throw new TypeError('no form');
  const deadline = createDeadline(createManualClock(), 1_000);
  const job = { readings: [['{a}'], ['{b}']], records: [], deadline };
  const end = await runSharedLookup({ lend } as unknown as Database, form, job).then(
    (outcome) => ('found' in outcome ? outcome : `refused: ${outcome.refused.code}`),
    (error: unknown) => (isAppError(error) ? error.code : String(error)),
  );
  return [end, connection];
};

const found = { found: [[], [rows[0]]], ms: 1.5 };

test('rows count once COMMIT is answered, each to its reading', async () => {
  assert.equal(await run([done, done, read, done]), [found, 'used again']);
});

test('what PostgreSQL refuses holds nothing, and the connection goes on', async () => {
  assert.equal(await run([done, done, refusal('22012'), done]), ['refused: statement_failed', 'used again']);
  assert.equal(await run([done, done, refusal('57014'), done]), ['refused: deadline_exceeded', 'used again']);
  assert.equal(await run([done, refusal('57014'), refusal('25P02'), done]), [
    'refused: deadline_exceeded',
    'used again',
  ]);
});

test('a session that may be at fault is closed, and one of a server that only reads', async () => {
  assert.equal(await run([done, done, refusal('25006'), done]), ['refused: database_unavailable', 'closed']);
  for (const code of ['42P01', '26000', '0A000']) {
    assert.equal(await run([done, done, refusal(code), done]), ['refused: statement_failed', 'closed']);
  }
});

test('where the connection is gone nobody knows what holds', async () => {
  for (const outcomes of [
    [gone, gone, gone, gone],
    [done, done, read, gone],
    [done, done, refusal('57P01'), gone],
    [done, done, read, refusal('57P01')],
  ]) {
    assert.equal(await run(outcomes), ['database_unavailable', 'closed']);
  }
});

test('a COMMIT that is cancelled may hold, or leave its transaction open', async () => {
  assert.equal(await run([done, done, read, refusal('57014')]), ['deadline_exceeded', 'closed']);
  assert.equal(await run([done, done, refusal('22012'), refusal('57014')]), ['statement_failed', 'closed']);
});

test('behind a BEGIN that is refused by itself the statement takes effect by itself', async () => {
  const refused = refusal('57014');
  assert.equal(await run([refused, done, read, done]), [found, 'used again']);
  assert.equal(await run([refused, done, read, refused]), ['deadline_exceeded', 'closed'], 'it holds');
});

test.run();
