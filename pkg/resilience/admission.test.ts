import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { AppError } from '../errors/app-error.ts';
import { createManualClock } from '../process/manual-clock.ts';
import { createAdmission } from './admission.ts';

const refusalOf = (enter: () => void): readonly [string, number | undefined] | undefined => {
  try {
    enter();
    return undefined;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return [error.code, error.retryAfterMs];
  }
};

test('refuses above the rate, with the time until the next token', () => {
  const { enter } = createAdmission(createManualClock(), { requestsPerSecond: 4, burst: 2, concurrency: 100 });
  assert.is(refusalOf(enter), undefined);
  assert.is(refusalOf(enter), undefined);
  assert.equal(refusalOf(enter), ['rate_limited', 250]);
});

test('refuses above the concurrency, with a second', () => {
  const { enter, leave } = createAdmission(createManualClock(), { requestsPerSecond: 100, burst: 100, concurrency: 1 });
  enter();
  assert.equal(refusalOf(enter), ['too_many_concurrent', 1_000]);
  leave();
  assert.is(refusalOf(enter), undefined);
});

test('a refusal for concurrency costs no token', () => {
  const { enter, leave } = createAdmission(createManualClock(), { requestsPerSecond: 1, burst: 2, concurrency: 1 });
  enter();
  for (let i = 0; i < 10; i += 1) refusalOf(enter);
  leave();
  assert.is(refusalOf(enter), undefined);
});

test('a refusal for the rate takes no place', async () => {
  const clock = createManualClock();
  const { enter, leave } = createAdmission(clock, { requestsPerSecond: 1, burst: 1, concurrency: 1 });
  enter();
  leave();
  assert.is(refusalOf(enter)?.[0], 'rate_limited');
  await clock.advance(1_000);
  assert.is(refusalOf(enter), undefined);
});

test('new limits hold at once and forget nobody inside', () => {
  const { enter, configure } = createAdmission(createManualClock(), {
    requestsPerSecond: 1,
    burst: 3,
    concurrency: 5,
  });
  enter();
  configure({ requestsPerSecond: 1, burst: 1, concurrency: 2 });
  assert.is(refusalOf(enter), undefined);
  assert.equal(refusalOf(enter), ['too_many_concurrent', 1_000]);
  configure({ requestsPerSecond: 1, burst: 1, concurrency: 3 });
  assert.equal(refusalOf(enter), ['rate_limited', 1_000]);
});

test.run();
