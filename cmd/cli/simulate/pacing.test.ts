import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createManualClock } from '../../../pkg/process/manual-clock.ts';
import { type Phase, pacePhase, phaseOf } from './pacing.ts';

const pace = (phase: Phase, answerAfterMs: number, ok = true) => {
  const clock = createManualClock();
  const end = new AbortController();
  const scheduled: number[] = [];
  const began: number[] = [];
  const want = (at: number) => {
    scheduled.push(at);
    began.push(clock.now());
    return new Promise<boolean>((resolve) => void clock.after(answerAfterMs, () => resolve(ok)));
  };
  let over = false;
  const done = pacePhase(phase, { clock, signal: end.signal, want }).then(
    () => (over = true),
    () => (over = true),
  );
  return { clock, end, scheduled, began, done, isOver: () => over };
};

test('a rate is kept whatever the answers take', async () => {
  const { clock, scheduled, isOver } = pace(phaseOf({ rate: 4, concurrency: 1, durationSeconds: 1 }), 60_000);
  await clock.advance(999);
  assert.equal(scheduled, [0, 250, 500, 750]);
  assert.not(isOver());
  await clock.advance(1);
  assert.ok(isOver());
  assert.is(scheduled.length, 4);
});

test('what falls due while nobody looks keeps its scheduled time', async () => {
  const clock = createManualClock();
  const scheduled: number[] = [];
  let behind = 0;
  // A process that was held up: its clock is ahead of its timers.
  const late = { ...clock, now: () => clock.now() + behind };
  const phase = phaseOf({ rate: 10, concurrency: 1, durationSeconds: 1 });
  void pacePhase(phase, {
    clock: late,
    signal: new AbortController().signal,
    want: async (at) => {
      scheduled.push(at);
      return true;
    },
  });
  await clock.advance(100);
  behind = 500;
  await clock.advance(100);
  assert.equal(scheduled, [0, 100, 200, 300, 400, 500, 600, 700]);
});

test('a count ends a rate with its last arrival', async () => {
  const { clock, scheduled, isOver } = pace(phaseOf({ rate: 2, concurrency: 1, count: 3 }), 1);
  await clock.advance(1_000);
  assert.equal(scheduled, [0, 500, 1_000]);
  assert.ok(isOver());
});

test('the earlier of count and duration ends it', async () => {
  for (const [count, expected] of [
    [2, 2],
    [9, 4],
  ] as const) {
    const { clock, scheduled, isOver } = pace(phaseOf({ rate: 2, concurrency: 1, count, durationSeconds: 2 }), 1);
    await clock.advance(2_000);
    assert.is(scheduled.length, expected);
    assert.ok(isOver());
  }
});

test('without a rate, each caller asks again when it is answered', async () => {
  const { clock, began, isOver } = pace(phaseOf({ concurrency: 2, durationSeconds: 1 }), 400);
  await clock.advance(1_199);
  assert.equal(began, [0, 0, 400, 400, 800, 800]);
  assert.not(isOver());
  await clock.advance(1);
  assert.ok(isOver());
  assert.is(began.length, 6);
});

test('a count is shared by the callers', async () => {
  const { clock, began, isOver } = pace(phaseOf({ concurrency: 2, count: 5 }), 100);
  await clock.advance(300);
  assert.equal(began, [0, 0, 100, 100, 200]);
  assert.ok(isOver());
});

test('a caller whose call went wrong pauses, so that nobody spins', async () => {
  const { clock, began } = pace(phaseOf({ concurrency: 1, durationSeconds: 1 }), 0, false);
  await clock.advance(350);
  assert.equal(began, [0, 100, 200, 300]);
});

test('it ends at once when it is told to, and leaves no timer', async () => {
  for (const phase of [
    { rate: 1, concurrency: 1, durationSeconds: 60 },
    { concurrency: 3, durationSeconds: 60 },
  ]) {
    const { clock, end, isOver } = pace(phaseOf(phase), 0, false);
    await clock.advance(50);
    end.abort();
    await clock.advance(0);
    assert.ok(isOver());
    assert.is(clock.pending(), 0);
  }
});

test.run();
