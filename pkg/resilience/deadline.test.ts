import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isAppError } from '../errors/app-error.ts';
import { createManualClock } from '../process/manual-clock.ts';
import { createDeadline } from './deadline.ts';

const never = (): Promise<never> => new Promise(() => {});

const outcomeOf = (work: Promise<unknown>): { value?: unknown; error?: unknown } => {
  const outcome: { value?: unknown; error?: unknown } = {};
  work.then(
    (value) => {
      outcome.value = value;
    },
    (error: unknown) => {
      outcome.error = error;
    },
  );
  return outcome;
};

test('counts down and stops at zero', async () => {
  const clock = createManualClock();
  const deadline = createDeadline(clock, 100);
  assert.is(deadline.remainingMs(), 100);
  await clock.advance(99);
  assert.is(deadline.remainingMs(), 1);
  assert.not(deadline.expired());
  await clock.advance(1);
  assert.ok(deadline.expired());
  await clock.advance(50);
  assert.is(deadline.remainingMs(), 0);
});

test('counts from when it is told to, be that long ago', async () => {
  const clock = createManualClock();
  const began = clock.now();
  await clock.advance(30);
  assert.is(createDeadline(clock, 100, began).remainingMs(), 70);
  const late = createDeadline(clock, 20, began);
  assert.ok(late.expired());
  assert.ok(isAppError(await late.race(never()).catch((thrown: unknown) => thrown), 'deadline_exceeded'));
});

test('makes no timer before the first wait and one for all waits', () => {
  const clock = createManualClock();
  const deadline = createDeadline(clock, 100);
  assert.is(clock.pending(), 0);
  void deadline.race(never());
  void deadline.race(never());
  deadline.onExpire(() => {});
  assert.is(clock.pending(), 1);
});

test('a race is lost to the deadline at the deadline, not before', async () => {
  const clock = createManualClock();
  const outcome = outcomeOf(createDeadline(clock, 100).race(never()));
  await clock.advance(99);
  assert.equal(outcome, {});
  await clock.advance(1);
  assert.ok(isAppError(outcome.error, 'deadline_exceeded'));
});

test('work that settles first wins the race, with its value or its error', async () => {
  const deadline = createDeadline(createManualClock(), 100);
  assert.is(await deadline.race(Promise.resolve(7)), 7);
  const fault = new Error('fault');
  const error = await deadline.race(Promise.reject(fault)).catch((reason: unknown) => reason);
  assert.is(error, fault);
});

test('a race after the deadline is lost even by settled work', async () => {
  const clock = createManualClock();
  const deadline = createDeadline(clock, 100);
  await clock.advance(100);
  const error = await deadline.race(Promise.resolve(7)).catch((reason: unknown) => reason);
  assert.ok(isAppError(error, 'deadline_exceeded'));
});

test("the loser's rejection is never unhandled", async () => {
  const unhandled: unknown[] = [];
  const listener = (error: unknown) => void unhandled.push(error);
  process.on('unhandledRejection', listener);
  const clock = createManualClock();
  const deadline = createDeadline(clock, 100);
  const work = Promise.withResolvers<never>();
  const outcome = outcomeOf(deadline.race(work.promise));
  await clock.advance(100);
  work.reject(new Error('late'));
  outcomeOf(deadline.race(Promise.reject(new Error('too late'))));
  await clock.advance(0);
  process.off('unhandledRejection', listener);
  assert.ok(isAppError(outcome.error, 'deadline_exceeded'));
  assert.equal(unhandled, []);
});

test('narrow counts from creation and only ever makes it earlier', async () => {
  const clock = createManualClock();
  const deadline = createDeadline(clock, 100);
  await clock.advance(10);
  deadline.narrow(500);
  assert.is(deadline.remainingMs(), 90);
  deadline.narrow(40);
  assert.is(deadline.remainingMs(), 30);
  deadline.narrow(60);
  assert.is(deadline.remainingMs(), 30);
});

test('narrow moves the timer of a wait that has begun', async () => {
  const clock = createManualClock();
  const deadline = createDeadline(clock, 100);
  const outcome = outcomeOf(deadline.race(never()));
  deadline.narrow(40);
  assert.is(clock.pending(), 1);
  await clock.advance(40);
  assert.ok(isAppError(outcome.error, 'deadline_exceeded'));
});

test('onExpire calls once, at once when the time has passed, and not when taken back', async () => {
  const clock = createManualClock();
  const deadline = createDeadline(clock, 100);
  const calls: string[] = [];
  deadline.onExpire((error) => calls.push(error.code));
  const takeBack = deadline.onExpire(() => calls.push('taken back'));
  takeBack();
  takeBack();
  await clock.advance(200);
  deadline.narrow(50);
  await clock.advance(1);
  assert.equal(calls, ['deadline_exceeded']);
  deadline.onExpire(() => calls.push('late'));
  assert.equal(calls, ['deadline_exceeded', 'late']);
});

test('a listener can take back one that would be called after it', async () => {
  const clock = createManualClock();
  const deadline = createDeadline(clock, 100);
  const calls: string[] = [];
  const takers: (() => void)[] = [];
  deadline.onExpire(() => {
    calls.push('first');
    for (const take of takers) take();
  });
  takers.push(deadline.onExpire(() => calls.push('second')));
  await clock.advance(100);
  assert.equal(calls, ['first']);
});

test('a timer that is early waits for what is left', () => {
  let now = 0;
  const timers: { ms: number; fn: () => void }[] = [];
  const early = {
    now: () => now,
    wall: () => now,
    after: (ms: number, fn: () => void) => {
      timers.push({ ms, fn });
      return () => {};
    },
  };
  const calls: string[] = [];
  createDeadline(early, 10.4).onExpire(() => calls.push('expired'));
  assert.is(timers[0]?.ms, 11);
  now = 10.1;
  timers[0]?.fn();
  assert.equal(calls, []);
  assert.is(timers[1]?.ms, 1);
  now = 11;
  timers[1]?.fn();
  assert.equal(calls, ['expired']);
});

test('close drops the timer, twice is fine, and later waits make none', async () => {
  const clock = createManualClock();
  const deadline = createDeadline(clock, 100);
  const work = Promise.withResolvers<number>();
  const race = deadline.race(work.promise);
  deadline.close();
  deadline.close();
  deadline.onExpire(() => assert.unreachable());
  assert.is(await deadline.race(Promise.resolve(1)), 1);
  assert.is(clock.pending(), 0);
  await clock.advance(200);
  work.resolve(2);
  assert.is(await race, 2);
});

test.run();
