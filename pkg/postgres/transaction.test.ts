/**
 * What a transaction does about how it ended, over answers of PostgreSQL that are made up.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { databaseLimits } from '../process/limits.ts';
import { createManualClock } from '../process/manual-clock.ts';
import { createDeadline } from '../resilience/deadline.ts';
import type { Database } from './database.ts';
import { createUnnamedStatement } from './statement.ts';
import type { BatchOutcome, RunTogether } from './statement-batch.ts';
import { runTransaction } from './transaction.ts';

const asked = { statement: createUnnamedStatement('SELECT 1'), values: [] };
const byOthers = Object.assign(new Error('deadlock'), { code: '40P01' });
const nothing = { rows: [], rowCount: 0 };

/** @param refusals  how many packets are refused ahead of the first that holds */
const open = (refusals: number, deadlineMs = 60_000) => {
  const clock = createManualClock();
  let packets = 0;
  const runTogether: RunTogether = async (statements): Promise<BatchOutcome> => {
    packets += 1;
    return packets > refusals
      ? { results: statements.map(() => nothing) }
      : { results: [nothing], failure: { error: byOthers } };
  };
  const lend: Database['lend'] = (work) => work(async () => nothing, runTogether);
  const options = { clock, isolation: 'ReadCommitted', deadline: createDeadline(clock, deadlineMs) } as const;
  return { clock, database: { lend }, options, packets: () => packets };
};

test('what others rolled back is tried again, after a pause', async () => {
  const { clock, database, options, packets } = open(2);
  const ended = runTransaction(database, options, ({ runAll }) => runAll([asked], 'commit'));
  await clock.advance(databaseLimits.transactionRetryMinMs - 1);
  assert.is(packets(), 1);
  await clock.advance(2 * databaseLimits.transactionRetryMaxMs);
  assert.equal([(await ended).end, packets()], ['committed', 3]);
});

test('nobody pauses beyond the deadline: it is told as contended while there is time to', async () => {
  const { database, options, packets } = open(1, 0.5);
  const result = await runTransaction(database, options, ({ runAll }) => runAll([asked], 'commit'));
  assert.equal([result.end, 'error' in result && result.error.code, packets()], ['rolled_back', 'overloaded', 1]);
});

test('what may hold is not tried again, whatever is thrown', async () => {
  const { database, options, packets } = open(0);
  const result = await runTransaction(database, options, async ({ runAll }) => {
    await runAll([asked], 'commit');
    throw byOthers;
  });
  assert.equal([result.end, packets()], ['unknown', 1]);
});

test.run();
