import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createManualClock } from '../process/manual-clock.ts';
import { createBounded } from './bounded.ts';
import { SilentConnectionError } from './pg-error.ts';

const endOfTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

const setUp = () => {
  const clock = createManualClock();
  const work = Promise.withResolvers<string>();
  const outcome = createBounded(clock)(work.promise, 100).catch((error: unknown) => error);
  return { clock, work, outcome };
};

test('what takes longer fails, and says since when and how long it was waited for', async () => {
  const { clock, outcome } = setUp();
  await clock.advance(100);
  const error = await outcome;
  assert.instance(error, SilentConnectionError);
  if (error instanceof SilentConnectionError) assert.equal([error.since, error.waitedMs], [0, 100]);
});

test('an answer that is there when the time is over, and was not read yet, is an answer', async () => {
  let fire = () => {};
  const after = (_ms: number, fn: () => void) => {
    fire = fn;
    return () => {};
  };
  const work = Promise.withResolvers<string>();
  const outcome = createBounded({ ...createManualClock(), after })(work.promise, 100);
  // A turn of the event loop: timers first, sockets behind them.
  fire();
  await Promise.resolve();
  work.resolve('read late');
  assert.is(await outcome, 'read late');
});

test('what comes after its end is ignored, a failure too', async () => {
  const { clock, work, outcome } = setUp();
  await clock.advance(100);
  assert.instance(await outcome, SilentConnectionError);
  work.reject(new Error('late'));
  await endOfTurn();
});

test('what fails in time fails as it does, and nothing of the bound is left', async () => {
  const { clock, work, outcome } = setUp();
  work.reject(new Error('its own'));
  assert.match(String(await outcome), 'its own');
  assert.is(clock.pending(), 0);
});

test.run();
