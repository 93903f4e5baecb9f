import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createManualClock } from '../process/manual-clock.ts';
import { createTokenBucket, type TokenBucket } from './token-bucket.ts';

/** Time moved at once: the bucket has no timers to wait for. */
const createStepClock = (startMs = 0) => {
  let now = startMs;
  const step = (ms: number): void => {
    now += ms;
  };
  return { ...createManualClock(), now: () => now, step };
};

const takeAll = (bucket: TokenBucket): number => {
  let taken = 0;
  while (bucket.take() === 0) taken += 1;
  return taken;
};

test('starts full and gives its burst at once', () => {
  assert.is(takeAll(createTokenBucket(createStepClock(), { ratePerSecond: 10, burst: 5 })), 5);
});

test('says how long until there is a token, and there is one then and not before', () => {
  const clock = createStepClock();
  const bucket = createTokenBucket(clock, { ratePerSecond: 3, burst: 1 });
  assert.is(bucket.take(), 0);
  assert.is(bucket.take(), 334);
  clock.step(333);
  assert.is(bucket.take(), 1);
  clock.step(1);
  assert.is(bucket.take(), 0);
});

test('fractions that sum up a trifle short of a token are one', () => {
  const clock = createStepClock();
  const bucket = createTokenBucket(clock, { ratePerSecond: 10, burst: 1 });
  bucket.take();
  clock.step(8);
  assert.is(bucket.take(), 92);
  clock.step(92);
  assert.is(bucket.take(), 0);
});

test('an idle bucket holds no more than its burst', () => {
  const clock = createStepClock();
  const bucket = createTokenBucket(clock, { ratePerSecond: 1_000, burst: 7 });
  clock.step(3_600_000);
  assert.is(takeAll(bucket), 7);
});

test('a refusal costs nothing', () => {
  const clock = createStepClock();
  const bucket = createTokenBucket(clock, { ratePerSecond: 1, burst: 1 });
  bucket.take();
  for (let i = 0; i < 100; i += 1) bucket.take();
  clock.step(1_000);
  assert.is(bucket.take(), 0);
});

test('configure keeps the fill, up to the new burst', () => {
  const clock = createStepClock();
  const larger = createTokenBucket(clock, { ratePerSecond: 1, burst: 3 });
  larger.configure({ ratePerSecond: 1, burst: 100 });
  assert.is(takeAll(larger), 3);
  const smaller = createTokenBucket(clock, { ratePerSecond: 1, burst: 100 });
  smaller.configure({ ratePerSecond: 1, burst: 3 });
  assert.is(takeAll(smaller), 3);
});

test('configure changes the rate from then on only', () => {
  const clock = createStepClock();
  const bucket = createTokenBucket(clock, { ratePerSecond: 1, burst: 10 });
  takeAll(bucket);
  clock.step(2_000);
  bucket.configure({ ratePerSecond: 1_000, burst: 10 });
  assert.is(takeAll(bucket), 2);
});

const limits = { ratePerSecond: fc.integer({ min: 1, max: 100_000 }), burst: fc.integer({ min: 1, max: 1_000 }) };
const pauses = fc.array(fc.oneof(fc.constant(0), fc.double({ min: 0, max: 500, noNaN: true })), { maxLength: 300 });

/** At once, and after a month. */
const starts = fc.constantFrom(0, 30 * 86_400_000 + 0.123);

test('never gives more than burst + rate x time', () => {
  fc.assert(
    fc.property(fc.record(limits), pauses, starts, (options, steps, startMs) => {
      const clock = createStepClock(startMs);
      const bucket = createTokenBucket(clock, options);
      let taken = 0;
      for (const step of steps) {
        clock.step(step);
        if (bucket.take() === 0) taken += 1;
        assert.ok(taken <= options.burst + ((clock.now() - startMs) / 1_000) * options.ratePerSecond + 1e-3);
      }
    }),
  );
});

test('who waits as long as told is served', () => {
  fc.assert(
    fc.property(fc.record(limits), pauses, starts, (options, steps, startMs) => {
      const clock = createStepClock(startMs);
      const bucket = createTokenBucket(clock, options);
      for (const step of steps) {
        clock.step(step);
        const waitMs = bucket.take();
        if (waitMs === 0) continue;
        clock.step(waitMs);
        assert.is(bucket.take(), 0);
      }
    }),
  );
});

test.run();
