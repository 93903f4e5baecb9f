import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createManualClock } from '../../../pkg/process/manual-clock.ts';
import type { Call } from './call-maker.ts';
import { figuresOf } from './figures.ts';
import { type PhaseSpecLike, phaseOf } from './pacing.ts';
import { startRun } from './run.ts';
import { countCall, createTally } from './tally.ts';

const call: Call = {
  step: 0,
  body: { action: 'a', input: {} },
  headers: {},
  timeoutMs: undefined,
  expect: { status: 200 },
  idempotencyKey: false,
  moreInto: undefined,
};

/** Every call takes as long; it is given up when the run ends. */
const open = (phases: readonly PhaseSpecLike[], callMs: number, queueMax = 1_000) => {
  const clock = createManualClock();
  const end = new AbortController();
  const tally = createTally(['a']);
  const began: number[] = [];
  const perform = (_: Call, scheduledAt: number) => {
    began.push(clock.now());
    return new Promise<boolean>((resolve) => {
      let ended = false;
      const cancel = clock.after(callMs, () => {
        ended = true;
        countCall(tally, { step: 0, verdict: 'as_expected', ms: clock.now() - scheduledAt });
        resolve(true);
      });
      end.signal.addEventListener('abort', () => {
        cancel();
        if (ended) return;
        countCall(tally, { step: 0, verdict: 'given_up' });
        resolve(false);
      });
    });
  };
  const run = startRun({ clock, phases: phases.map(phaseOf), queueMax, nextCall: () => call, perform, tally, end });
  let over = false;
  void run.done.then(() => {
    over = true;
  });
  return { clock, end, began, run, isOver: () => over, figures: () => figuresOf(tally, clock.now()) };
};

test('phases follow each other by the clock; the run is over with its last call', async () => {
  const phases = [
    { rate: 2, concurrency: 9, durationSeconds: 1 },
    { rate: 10, concurrency: 9, count: 2 },
  ];
  const { clock, began, isOver, figures } = open(phases, 5_000);
  await clock.advance(6_099);
  assert.equal(began, [0, 500, 1_000, 1_100]);
  assert.not(isOver());
  await clock.advance(1);
  assert.ok(isOver());
  assert.equal(figures().calls, { wanted: 4, asExpected: 4, wrong: 0, givenUp: 0 });
  assert.is(clock.pending(), 0);
});

test('what finds no place queues on the caller’s side, and its latency counts from the schedule', async () => {
  const { clock, began, figures } = open([{ rate: 10, concurrency: 1, count: 3 }], 1_000);
  await clock.advance(5_000);
  assert.equal(began, [0, 1_000, 2_000]);
  const { queue, latencyMs } = figures();
  assert.equal(queue, { waited: 2, longest: 2 });
  assert.is(latencyMs.call.max, 2_800, 'scheduled at 200, ended at 3,000');
  assert.is(latencyMs.queue.max, 1_800);
});

test('what finds the queue full is not made and counts as wrong', async () => {
  const { clock, began, figures } = open([{ rate: 10, concurrency: 1, count: 4 }], 1_000, 1);
  await clock.advance(5_000);
  assert.is(began.length, 2);
  assert.is(figures().troubles.queue_full, 2);
  assert.equal(figures().calls, { wanted: 4, asExpected: 2, wrong: 2, givenUp: 0 });
});

test('ended early, what waits and what is under way is given up, at once', async () => {
  const { clock, end, isOver, figures } = open([{ rate: 10, concurrency: 1, durationSeconds: 60 }], 150);
  await clock.advance(200);
  end.abort();
  await clock.advance(0);
  assert.ok(isOver());
  assert.equal(figures().calls, { wanted: 3, asExpected: 1, wrong: 0, givenUp: 2 });
  assert.is(clock.pending(), 0);
});

test('a call that never ends does not hold the run for ever', async () => {
  const { clock, isOver, figures } = open([{ concurrency: 1, rate: 1, count: 1 }], 100_000_000);
  await clock.advance(300_000);
  assert.ok(isOver());
  assert.is(figures().calls.givenUp, 1);
});

test('a bug in a call ends the run with it', async () => {
  const clock = createManualClock();
  const run = startRun({
    clock,
    phases: [phaseOf({ concurrency: 2, durationSeconds: 60 })],
    queueMax: 1,
    nextCall: () => call,
    perform: async () => {
      throw new Error('a bug');
    },
    tally: createTally(['a']),
    end: new AbortController(),
  });
  const failure = run.done.then(
    () => 'none',
    (error: Error) => error.message,
  );
  await clock.advance(0);
  assert.is(await failure, 'a bug');
});

test.run();
