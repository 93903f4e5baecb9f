/** What a packet's outcomes mean; on a real server it is in test/integration/shared-tenants.test.ts. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isAppError } from '../errors/app-error.ts';
import { createManualClock } from '../process/manual-clock.ts';
import { createDeadline } from '../resilience/deadline.ts';
import type { Database } from './database.ts';
import { toAppError } from './pg-error.ts';
import { runSharedLookup, sharedFormOf } from './shared-lookup.ts';
import type { BatchOutcome, StatementResult } from './statement-batch.ts';

const done: StatementResult = { rows: [], rowCount: 0 };
const rows = [
  { n: 2, key: 'k', row: '"of b"' },
  { n: 0, key: '1.5', row: '' },
];
const read: StatementResult = { rows, rowCount: 2 };
const refusal = (code: string): Error => Object.assign(new Error('refused'), { code });
const gone = new Error('Connection terminated');
const failing = (error: Error, ...results: readonly StatementResult[]): BatchOutcome => ({
  results,
  failure: { error },
});

/** @returns what it ends with, and what became of the connection */
const run = async (outcome: BatchOutcome) => {
  let connection = 'used again';
  const lend: Database['lend'] = (work, _deadline, bound) => {
    assert.is(bound, 'statement_timeout', 'whatever the deadline of the last of them is');
    return work(
      () => Promise.reject(new Error('nothing runs alone')),
      () => Promise.resolve(outcome),
    ).catch((error: unknown) => {
      connection = 'closed';
      throw toAppError(error);
    });
  };
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

test('rows count once the packet is answered, each to its reading', async () => {
  assert.equal(await run({ results: [done, read] }), [found, 'used again']);
});

test('what PostgreSQL refuses holds nothing, and the connection goes on', async () => {
  assert.equal(await run(failing(refusal('22012'), done)), ['refused: statement_failed', 'used again']);
  assert.equal(await run(failing(refusal('57014'), done)), ['refused: deadline_exceeded', 'used again']);
  assert.equal(await run(failing(refusal('57014'))), ['refused: deadline_exceeded', 'used again']);
});

test('so it is where its session may be at fault, or its server: what that means for the connection is told elsewhere', async () => {
  assert.equal(await run(failing(refusal('25006'), done)), ['refused: database_unavailable', 'used again']);
  for (const code of ['42P01', '26000', '0A000']) {
    assert.equal(await run(failing(refusal(code), done)), ['refused: statement_failed', 'used again']);
  }
});

test('where the connection is gone nobody knows what holds', async () => {
  for (const error of [gone, refusal('57P01')]) {
    for (const results of [[], [done], [done, read]]) {
      assert.equal(await run(failing(error, ...results)), ['database_unavailable', 'closed']);
    }
  }
});

test('a commit that is refused may have been cancelled, and hold', async () => {
  assert.equal(await run(failing(refusal('57014'), done, read)), ['deadline_exceeded', 'closed']);
  assert.equal(await run(failing(refusal('40001'), done, read)), ['statement_failed', 'closed']);
});

test.run();
