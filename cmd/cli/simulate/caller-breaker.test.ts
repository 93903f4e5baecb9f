import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createManualClock } from '../../../pkg/process/manual-clock.ts';
import { type BreakerRule, createCallerBreaker } from './caller-breaker.ts';

/** Half of a window of 3 s, from 2 requests/s on. */
const usual: BreakerRule = { failedPercent: 50, windowMs: 3_000, rateMin: 2, openMs: 1_000 };

const openBreaker = (rule: Partial<BreakerRule> = {}) => {
  const clock = createManualClock();
  let opened = 0;
  const onOpen = () => {
    opened += 1;
  };
  const breaker = createCallerBreaker({ clock, rule: { ...usual, ...rule }, hooks: { onOpen } });
  /** @returns whether they were made */
  const ask = (...ends: readonly ('fails' | 'succeeds')[]): readonly boolean[] =>
    ends.map((end) => {
      const report = breaker.enter();
      report?.(end === 'fails');
      return report !== undefined;
    });
  return { clock, breaker, ask, opened: () => opened };
};

test('opens when half of what is enough requests failed, and refuses', () => {
  const { ask, opened } = openBreaker();
  ask('succeeds', 'succeeds', 'succeeds', 'fails', 'fails');
  assert.is(opened(), 0);
  ask('fails');
  assert.is(opened(), 1);
  assert.equal(ask('succeeds'), [false]);
});

test('less than half opens nothing, however many there are', () => {
  const { ask, opened } = openBreaker();
  for (let round = 0; round < 1_000; round += 1) ask('succeeds', 'succeeds', 'fails');
  assert.is(opened(), 0);
});

test('too few requests open nothing, however they end', async () => {
  const { clock, ask, opened } = openBreaker();
  for (let second = 0; second < 100; second += 1) {
    ask('fails');
    await clock.advance(1_000);
  }
  assert.is(opened(), 0);
});

test('what is older than the window counts no more, slice by slice', async () => {
  const { clock, ask, opened } = openBreaker();
  ask('fails', 'fails', 'fails');
  await clock.advance(1_500);
  ask('fails', 'fails');
  await clock.advance(1_500);
  ask('succeeds', 'succeeds', 'fails');
  assert.is(opened(), 0, 'five are left');
  ask('succeeds');
  assert.is(opened(), 1, 'three of six failed');
});

test('after its time it is closed, and begins to count anew', async () => {
  const { clock, ask, opened } = openBreaker();
  ask('fails', 'fails', 'fails', 'fails', 'fails', 'fails');
  await clock.advance(999);
  assert.equal(ask('succeeds'), [false]);
  await clock.advance(1);
  assert.equal(ask('fails', 'fails', 'fails', 'fails', 'fails'), [true, true, true, true, true]);
  assert.is(opened(), 1);
  assert.equal(ask('fails', 'fails'), [true, false]);
  assert.is(opened(), 2);
});

test('results of requests that began before it opened change nothing', async () => {
  const { clock, breaker, ask, opened } = openBreaker();
  const late = Array.from({ length: 10 }, () => breaker.enter());
  ask('fails', 'fails', 'fails', 'fails', 'fails', 'fails');
  await clock.advance(1_000);
  for (const report of late) report?.(true);
  assert.is(opened(), 1);
  assert.equal(ask('succeeds'), [true]);
});

test('without a least rate the first failure opens it; with 0 percent nothing does', () => {
  assert.equal(openBreaker({ rateMin: 0 }).ask('fails', 'fails'), [true, false]);
  const never = openBreaker({ rateMin: 0, failedPercent: 0 });
  for (let call = 0; call < 100; call += 1) assert.equal(never.ask('fails'), [true]);
});

test.run();
