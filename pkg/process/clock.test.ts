import { getEventListeners } from 'node:events';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Clock, sleep, systemClock } from './clock.ts';
import { createManualClock } from './manual-clock.ts';

interface Bench {
  readonly clock: Clock;
  /** Lets a timer of `ms`, and everything due before it, happen. */
  pass(ms: number): Promise<void>;
}

const onManual = (): Bench => {
  const clock = createManualClock();
  return { clock, pass: clock.advance };
};

/** The process waits for no timer of this clock, so a referenced one keeps it up meanwhile. */
const onSystem = (): Bench => ({
  clock: systemClock,
  pass: async (ms) => {
    const awake = setInterval(() => {}, 1_000);
    await new Promise<void>((resolve) => void systemClock.after(ms, resolve));
    clearInterval(awake);
  },
});

const outcomeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'resolved',
    (error: unknown) => error,
  );

for (const [name, open] of Object.entries({ 'system clock': onSystem, 'manual clock': onManual })) {
  test(`${name}: calls once, after the time, never at once`, async () => {
    const { clock, pass } = open();
    let calls = 0;
    clock.after(5, () => calls++);
    clock.after(0, () => calls++);
    assert.is(calls, 0);
    await pass(20);
    await pass(20);
    assert.is(calls, 2);
  });

  test(`${name}: calls in the order in which they fall due; of equal ones the first made is first`, async () => {
    const { clock, pass } = open();
    const calls: string[] = [];
    for (const [ms, label] of [
      [30, 'third'],
      [1, 'first'],
      [1, 'second'],
      [30, 'fourth'],
    ] as const) {
      clock.after(ms, () => calls.push(label));
    }
    await pass(60);
    assert.equal(calls, ['first', 'second', 'third', 'fourth']);
  });

  test(`${name}: a cancelled call never comes; cancelling twice, late, or from inside does nothing`, async () => {
    const { clock, pass } = open();
    const calls: string[] = [];
    const cancel = clock.after(5, () => calls.push('cancelled'));
    cancel();
    cancel();
    const late = clock.after(5, () => {
      calls.push('fired');
      late();
    });
    await pass(20);
    late();
    assert.equal(calls, ['fired']);
  });

  test(`${name}: a call may cancel one that is due after it, and ask for another`, async () => {
    const { clock, pass } = open();
    const calls: string[] = [];
    clock.after(1, () => {
      cancel();
      clock.after(1, () => calls.push('another'));
    });
    const cancel = clock.after(20, () => calls.push('cancelled'));
    await pass(50);
    await pass(50);
    assert.equal(calls, ['another']);
  });

  test(`${name}: now grows with the time that passes, and wall is a date`, async () => {
    const { clock, pass } = open();
    const [now, wall] = [clock.now(), clock.wall()];
    await pass(20);
    // A system's timer may be up to a millisecond early.
    assert.ok(clock.now() - now >= 19);
    assert.ok(clock.wall() > wall);
    assert.ok(wall >= Date.UTC(2020, 0, 1));
  });

  test(`${name}: sleep resolves after its time, or rejects with the reason of its signal at once`, async () => {
    const { clock, pass } = open();
    const reason = new Error('changed plans');
    const control = new AbortController();
    const slept = outcomeOf(sleep(clock, 5, control.signal));
    const aborted = outcomeOf(sleep(clock, 1_000_000, control.signal));
    await pass(20);
    assert.is(await slept, 'resolved');
    control.abort(reason);
    assert.is(await aborted, reason);
    assert.is(await outcomeOf(sleep(clock, 5, control.signal)), reason);
  });
}

test('manual clock: stands still but for advance, which passes exactly what it was told', async () => {
  const clock = createManualClock(1_000);
  assert.equal([clock.now(), clock.wall()], [0, 1_000]);
  const seen: number[] = [];
  for (const ms of [10, 3, 11]) clock.after(ms, () => seen.push(clock.now()));
  await clock.advance(10);
  assert.equal(seen, [3, 10]);
  assert.equal([clock.now(), clock.wall(), clock.pending()], [10, 1_010, 1]);
});

test('manual clock: promises that a timer settles run on before the next timer', async () => {
  const clock = createManualClock();
  const seen: string[] = [];
  void sleep(clock, 1).then(() => sleep(clock, 1).then(() => seen.push('chained')));
  clock.after(3, () => seen.push('later'));
  await clock.advance(3);
  assert.equal(seen, ['chained', 'later']);
});

test('a sleep that was aborted leaves no timer, one that resolved no listener', async () => {
  const clock = createManualClock();
  const control = new AbortController();
  const aborted = outcomeOf(sleep(clock, 5, control.signal));
  control.abort();
  await aborted;
  assert.is(clock.pending(), 0);
  const { signal } = new AbortController();
  const slept = sleep(clock, 5, signal);
  assert.is(getEventListeners(signal, 'abort').length, 1);
  await clock.advance(5);
  await slept;
  assert.is(getEventListeners(signal, 'abort').length, 0);
});

test.run();
