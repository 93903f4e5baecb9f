import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { AppError, isAppError } from '../errors/app-error.ts';
import { createManualClock, type ManualClock } from '../process/manual-clock.ts';
import { createDeadline } from './deadline.ts';
import { createSlots, type Slots } from './slots.ts';

const errorOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

const mustNotRun = (): Promise<never> => {
  throw new Error('must not run');
};

const holdFor = (clock: ManualClock, ms: number) => () => new Promise<void>((resolve) => void clock.after(ms, resolve));

const minute = (clock: ManualClock) => createDeadline(clock, 60_000);

/** Makes the recent time of a hold as good as `ms`. */
const teach = async (clock: ManualClock, slots: Slots, ms: number): Promise<void> => {
  for (let i = 0; i < 200; i += 1) {
    const held = slots.use(minute(clock), holdFor(clock, ms));
    await clock.advance(ms);
    await held;
  }
};

test('work begins before use returns when a slot is free', () => {
  const clock = createManualClock();
  const slots = createSlots({ clock, slots: 1, queueMax: 0 });
  let begun = false;
  void slots.use(minute(clock), async () => {
    begun = true;
  });
  assert.ok(begun);
  assert.is(slots.inUse, 1);
});

test('serves in the order of arrival, never more at once than there are slots', async () => {
  const clock = createManualClock();
  const slots = createSlots({ clock, slots: 2, queueMax: 10 });
  const begun: number[] = [];
  for (const id of [1, 2, 3, 4, 5]) {
    void slots.use(minute(clock), () => {
      begun.push(id);
      return holdFor(clock, 10)();
    });
  }
  assert.equal([begun, slots.inUse, slots.waiting], [[1, 2], 2, 3]);
  await clock.advance(10);
  assert.equal([begun, slots.inUse, slots.waiting], [[1, 2, 3, 4], 2, 1]);
  await clock.advance(20);
  assert.equal([begun, slots.inUse, slots.waiting], [[1, 2, 3, 4, 5], 0, 0]);
});

test('a full queue refuses at once', async () => {
  const clock = createManualClock();
  const slots = createSlots({ clock, slots: 1, queueMax: 1 });
  void slots.use(minute(clock), holdFor(clock, 10));
  void slots.use(minute(clock), holdFor(clock, 10));
  const error = await errorOf(slots.use(minute(clock), holdFor(clock, 10)));
  assert.ok(isAppError(error, 'overloaded'));
  assert.is(error.retryAfterMs, 1_000);
  assert.match(error.message, 'queue_full');
});

test('refuses at once when the estimated wait is longer than the deadline allows, and not otherwise', async () => {
  const clock = createManualClock();
  const slots = createSlots({ clock, slots: 1, queueMax: 100 });
  await teach(clock, slots, 2_000);
  void slots.use(minute(clock), holdFor(clock, 2_000));
  void slots.use(minute(clock), holdFor(clock, 2_000));
  const error = await errorOf(slots.use(createDeadline(clock, 3_990), holdFor(clock, 1)));
  assert.ok(isAppError(error, 'overloaded'));
  assert.is(error.retryAfterMs, 4_000);
  assert.match(error.message, 'wait_too_long');
  void slots.use(createDeadline(clock, 4_000), holdFor(clock, 1));
  assert.is(slots.waiting, 2);
});

test('more slots make the estimate shorter', async () => {
  const clock = createManualClock();
  const slots = createSlots({ clock, slots: 10, queueMax: 100 });
  await teach(clock, slots, 1_000);
  for (let i = 0; i < 10; i += 1) void slots.use(minute(clock), holdFor(clock, 1_000));
  void slots.use(createDeadline(clock, 100), holdFor(clock, 1));
  assert.is(slots.waiting, 1);
  assert.ok(isAppError(await errorOf(slots.use(createDeadline(clock, 190), holdFor(clock, 1))), 'overloaded'));
});

test('the estimate follows the holds down again', async () => {
  const clock = createManualClock();
  const slots = createSlots({ clock, slots: 1, queueMax: 100 });
  await teach(clock, slots, 5_000);
  await teach(clock, slots, 1);
  void slots.use(minute(clock), holdFor(clock, 1));
  void slots.use(createDeadline(clock, 10), holdFor(clock, 1));
  assert.is(slots.waiting, 1);
});

test('a waiter leaves at its deadline and frees its place', async () => {
  const clock = createManualClock();
  const slots = createSlots({ clock, slots: 1, queueMax: 1 });
  const begun: string[] = [];
  void slots.use(minute(clock), holdFor(clock, 100));
  const late = errorOf(slots.use(createDeadline(clock, 50), async () => void begun.push('late')));
  await clock.advance(50);
  assert.ok(isAppError(await late, 'deadline_exceeded'));
  assert.is(slots.waiting, 0);
  void slots.use(minute(clock), async () => void begun.push('patient'));
  await clock.advance(50);
  assert.equal(begun, ['patient']);
});

test('a deadline that has passed gets no slot, free or freed', async () => {
  const clock = createManualClock();
  const slots = createSlots({ clock, slots: 1, queueMax: 1 });
  const deadline = createDeadline(clock, 0);
  assert.ok(isAppError(await errorOf(slots.use(deadline, mustNotRun)), 'deadline_exceeded'));

  // Time passes, but the waiter's own timer is late: the slot comes free first.
  const lateTimers = { ...clock, after: () => () => {} };
  const first = Promise.withResolvers<void>();
  void slots.use(minute(clock), () => first.promise);
  const waiter = errorOf(slots.use(createDeadline(lateTimers, 10), mustNotRun));
  await clock.advance(10);
  first.resolve();
  assert.ok(isAppError(await waiter, 'deadline_exceeded'));
  assert.is(slots.inUse, 0);
});

test('work goes on past its deadline and keeps its slot until it ends', async () => {
  const clock = createManualClock();
  const slots = createSlots({ clock, slots: 1, queueMax: 0 });
  const done = slots.use(createDeadline(clock, 10), holdFor(clock, 100));
  await clock.advance(99);
  assert.is(slots.inUse, 1);
  await clock.advance(1);
  await done;
  assert.is(slots.inUse, 0);
});

test('work that rejects or throws at once gives its slot back, however long the queue', async () => {
  const clock = createManualClock();
  const slots = createSlots({ clock, slots: 1, queueMax: 100_000 });
  const throwing = (): Promise<never> => {
    throw new Error('at once');
  };
  void slots.use(minute(clock), holdFor(clock, 1));
  const deadline = minute(clock);
  const errors = Array.from({ length: 20_000 }, () => errorOf(slots.use(deadline, throwing)));
  const rejecting = errorOf(slots.use(deadline, () => Promise.reject(new Error('later'))));
  await clock.advance(1);
  for (const error of await Promise.all(errors)) assert.is(error instanceof Error && error.message, 'at once');
  assert.instance(await rejecting, Error);
  assert.equal([slots.inUse, slots.waiting], [0, 0]);
});

test('tryUse runs only when a slot is free at once', async () => {
  const clock = createManualClock();
  const slots = createSlots({ clock, slots: 1, queueMax: 10 });
  const first = slots.tryUse(async () => 'first');
  assert.is(slots.tryUse(mustNotRun), undefined);
  assert.is(await first, 'first');
  assert.is(await slots.tryUse(async () => 'second'), 'second');
});

test('close rejects who waits and who comes, and lets work under way end', async () => {
  const clock = createManualClock();
  const slots = createSlots({ clock, slots: 1, queueMax: 10 });
  const stopping = new AppError('stopping');
  const running = slots.use(minute(clock), holdFor(clock, 10));
  const waiting = errorOf(slots.use(minute(clock), mustNotRun));
  slots.close(stopping);
  slots.close(new Error('second'));
  assert.is(await waiting, stopping);
  assert.is(await errorOf(slots.use(minute(clock), mustNotRun)), stopping);
  const tried = slots.tryUse(mustNotRun);
  assert.is(tried && (await errorOf(tried)), stopping);
  await clock.advance(10);
  await running;
  assert.equal([slots.inUse, slots.waiting], [0, 0]);
});

interface Visit {
  readonly pauseMs: number;
  readonly budgetMs: number;
  readonly holdMs: number;
  readonly end: 'resolve' | 'reject' | 'throw';
  readonly patient: boolean;
}

const visit: fc.Arbitrary<Visit> = fc.record({
  pauseMs: fc.nat(10),
  budgetMs: fc.nat(60),
  holdMs: fc.nat(30),
  end: fc.constantFrom('resolve', 'reject', 'throw'),
  patient: fc.boolean(),
});

test('never exceeds, never loses a slot, keeps the order and settles everyone, whatever happens', async () => {
  const scenario = fc.record({
    slots: fc.integer({ min: 1, max: 4 }),
    queueMax: fc.nat(6),
    visits: fc.array(visit, { maxLength: 40 }),
  });
  await fc.assert(
    fc.asyncProperty(scenario, async ({ slots: count, queueMax, visits }) => {
      const clock = createManualClock();
      const slots = createSlots({ clock, slots: count, queueMax });
      const begun: number[] = [];
      const settled: unknown[] = [];
      let inside = 0;
      let visitors = 0;
      for (const [id, each] of visits.entries()) {
        const work = (): Promise<void> => {
          begun.push(id);
          if (each.end === 'throw') throw new Error('thrown');
          inside += 1;
          assert.ok(inside <= count && inside <= slots.inUse);
          return new Promise((resolve, reject) => {
            clock.after(each.holdMs, () => {
              inside -= 1;
              if (each.end === 'resolve') resolve();
              else reject(new Error('rejected'));
            });
          });
        };
        const used = each.patient ? slots.use(createDeadline(clock, each.budgetMs), work) : slots.tryUse(work);
        if (used) visitors += 1;
        used?.then(
          () => settled.push('ok'),
          (error) => settled.push(error),
        );
        assert.ok(slots.inUse <= count && slots.waiting <= queueMax);
        await clock.advance(each.pauseMs);
      }
      await clock.advance(2_000);
      assert.is(settled.length, visitors);
      assert.not(settled.some((error) => error instanceof assert.Assertion));
      assert.equal(
        begun,
        begun.toSorted((a, b) => a - b),
      );
      assert.equal([slots.inUse, slots.waiting, inside], [0, 0, 0]);
      for (let i = 0; i < count; i += 1) assert.ok(slots.tryUse(holdFor(clock, 1)));
      assert.is(slots.tryUse(holdFor(clock, 1)), undefined);
    }),
  );
});

test.run();
