/**
 * How much the cleaner does at a time, and what is left of it once it is stopped, over a database that is made up.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { idempotencyLimits } from '../process/limits.ts';
import { createManualClock } from '../process/manual-clock.ts';
import { createIdempotencyCleaner } from './idempotency-cleaner.ts';

const { cleanIntervalMs, cleanRowsMax, cleanBatchesMax } = idempotencyLimits;
const full = Array<object>(cleanRowsMax).fill({ removed: true });

const open = (answer: Promise<void>) => {
  const clock = createManualClock();
  const leftMs: number[] = [];
  const cleaner = createIdempotencyCleaner({
    database: {
      query: async (_statement, _values, deadline) => {
        leftMs.push(deadline.remainingMs());
        deadline.onExpire(() => {});
        await answer;
        return full;
      },
    },
    ...{ clock, timeoutMs: 5_000, random: () => 0.5 },
  });
  cleaner.start();
  return { clock, cleaner, leftMs };
};

test('a look ends after so many batches, each with its own time, and nothing is left when it is stopped', async () => {
  const { clock, cleaner, leftMs } = open(Promise.resolve());
  await clock.advance(cleanIntervalMs);
  await clock.advance(0);
  assert.equal(leftMs, Array(cleanBatchesMax).fill(5_000));
  await cleaner.stop();
  assert.is(clock.pending(), 0);
});

test('stopped amid a batch it waits for that one, and does no more', async () => {
  const answer = Promise.withResolvers<void>();
  const { clock, cleaner, leftMs } = open(answer.promise);
  await clock.advance(cleanIntervalMs);
  let isStopped = false;
  const stopped = cleaner.stop().then(() => {
    isStopped = true;
  });
  await clock.advance(0);
  assert.is(isStopped, false);
  answer.resolve();
  await stopped;
  assert.is(leftMs.length, 1);
  assert.is(clock.pending(), 0);
});

test.run();
