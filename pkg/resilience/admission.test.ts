import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { AppError } from '../errors/app-error.ts';
import { createManualClock } from '../process/manual-clock.ts';
import { type Admission, createAdmission } from './admission.ts';

const refusalOf = (admission: Admission): readonly [string, number | undefined] | undefined => {
  try {
    admission.enter();
    return undefined;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return [error.code, error.retryAfterMs];
  }
};

test('refuses above the rate, with the time until the next token', () => {
  const admission = createAdmission(createManualClock(), { requestsPerSecond: 4, burst: 2, concurrency: 100 });
  assert.is(refusalOf(admission), undefined);
  assert.is(refusalOf(admission), undefined);
  assert.equal(refusalOf(admission), ['rate_limited', 250]);
});

test('refuses above the concurrency, with a second', () => {
  const admission = createAdmission(createManualClock(), { requestsPerSecond: 100, burst: 100, concurrency: 1 });
  admission.enter();
  assert.equal(refusalOf(admission), ['too_many_concurrent', 1_000]);
  admission.leave();
  assert.is(refusalOf(admission), undefined);
});

test('a refusal for concurrency costs no token', () => {
  const admission = createAdmission(createManualClock(), { requestsPerSecond: 1, burst: 2, concurrency: 1 });
  admission.enter();
  for (let i = 0; i < 10; i += 1) refusalOf(admission);
  admission.leave();
  assert.is(refusalOf(admission), undefined);
});

test('a refusal for the rate takes no place', async () => {
  const clock = createManualClock();
  const admission = createAdmission(clock, { requestsPerSecond: 1, burst: 1, concurrency: 1 });
  admission.enter();
  admission.leave();
  assert.is(refusalOf(admission)?.[0], 'rate_limited');
  await clock.advance(1_000);
  assert.is(refusalOf(admission), undefined);
});

test('new limits hold at once and forget nobody inside', () => {
  const admission = createAdmission(createManualClock(), {
    requestsPerSecond: 1,
    burst: 3,
    concurrency: 5,
  });
  admission.enter();
  admission.configure({ requestsPerSecond: 1, burst: 1, concurrency: 2 });
  assert.is(refusalOf(admission), undefined);
  assert.equal(refusalOf(admission), ['too_many_concurrent', 1_000]);
  admission.configure({ requestsPerSecond: 1, burst: 1, concurrency: 3 });
  assert.equal(refusalOf(admission), ['rate_limited', 1_000]);
});

test('leaving more often than entering is a bug', () => {
  const admission = createAdmission(createManualClock(), { requestsPerSecond: 1, burst: 1, concurrency: 1 });
  assert.throws(() => admission.leave(), /leave without enter/);
});

test('a lower concurrency sends nobody away and lets nobody in until it is met', () => {
  const limits = { requestsPerSecond: 100, burst: 100 };
  const admission = createAdmission(createManualClock(), { ...limits, concurrency: 3 });
  for (let i = 0; i < 3; i += 1) admission.enter();
  admission.configure({ ...limits, concurrency: 1 });
  admission.leave();
  admission.leave();
  assert.is(refusalOf(admission)?.[0], 'too_many_concurrent');
  admission.leave();
  assert.is(refusalOf(admission), undefined);
});

test.run();
