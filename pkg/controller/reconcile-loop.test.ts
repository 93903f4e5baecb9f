import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { controllerLimits } from '../process/limits.ts';
import { createManualClock } from '../process/manual-clock.ts';
import { createReconcileLoop } from './reconcile-loop.ts';

const { mergeMs, retryMinMs, retryMaxMs } = controllerLimits;

const start = (run: (n: number) => Promise<void>) => {
  const clock = createManualClock();
  const seen = { begun: 0, running: 0, most: 0, results: [] as string[] };
  const runs = createReconcileLoop({
    clock,
    random: () => 0.999,
    run: async () => {
      seen.begun += 1;
      seen.running += 1;
      seen.most = Math.max(seen.most, seen.running);
      await run(seen.begun).finally(() => {
        seen.running -= 1;
      });
    },
    hooks: { onRun: (result) => void seen.results.push(result) },
  });
  runs.start();
  return { clock, runs, seen };
};

test('nothing runs without news; news that come together run once', async () => {
  const { clock, runs, seen } = start(async () => {});
  await clock.advance(60_000);
  assert.is(seen.begun, 0);
  for (let n = 0; n < 100; n += 1) runs.trigger();
  await clock.advance(mergeMs);
  assert.is(seen.begun, 1);
  await clock.advance(60_000);
  assert.is(seen.begun, 1);
  await runs.stop();
});

test('news that come while it runs make one more run, never two at once', async () => {
  const gate = Promise.withResolvers<void>();
  const { clock, runs, seen } = start(() => gate.promise);
  runs.trigger();
  await clock.advance(mergeMs);
  for (let n = 0; n < 10; n += 1) runs.trigger();
  await clock.advance(7_000);
  assert.equal([seen.begun, runs.runningMs()], [1, 7_000]);
  gate.resolve();
  await clock.advance(mergeMs);
  assert.equal([seen.begun, seen.most, runs.runningMs()], [2, 1, 0]);
  await runs.stop();
});

test('a failure is tried again by itself, with a growing wait, and forgotten after a success', async () => {
  const { clock, runs, seen } = start(async (n) => {
    if (n <= 8) throw new Error('no');
  });
  runs.trigger();
  await clock.advance(mergeMs);
  assert.equal(seen.results, ['error']);
  await clock.advance(retryMinMs);
  assert.is(seen.begun, 1, 'not before its wait');
  await clock.advance(8 * retryMaxMs);
  assert.equal([seen.begun, seen.results.at(-1)], [9, 'success']);
  await clock.advance(60_000);
  assert.is(seen.begun, 9);
  await runs.stop();
});

test('stopped, it runs no more, and its end waits for the run', async () => {
  const gate = Promise.withResolvers<void>();
  const { clock, runs, seen } = start(() => gate.promise);
  runs.trigger();
  await clock.advance(mergeMs);
  let stopped = false;
  const stopping = runs.stop().then(() => {
    stopped = true;
  });
  runs.trigger();
  await clock.advance(1_000);
  assert.not(stopped);
  gate.resolve();
  await clock.advance(1_000);
  await stopping;
  assert.is(seen.begun, 1);
  assert.is(clock.pending(), 0);
});

test.run();
