import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createManualClock } from '../../../pkg/process/manual-clock.ts';
import { createCallerBreaker } from './caller-breaker.ts';

const openBreaker = (failures: number) => {
  const clock = createManualClock();
  let opened = 0;
  const onOpen = () => {
    opened += 1;
  };
  const breaker = createCallerBreaker({ clock, failures, openMs: 1_000, hooks: { onOpen } });
  const report = (failed: boolean) => {
    const end = breaker.enter();
    end?.(failed);
    return end !== undefined;
  };
  return { clock, breaker, report, opened: () => opened };
};

test('opens after so many failures in a row, and refuses', () => {
  const { report, opened } = openBreaker(3);
  for (const failed of [true, true, false, true, true]) assert.ok(report(failed));
  assert.is(opened(), 0);
  assert.ok(report(true));
  assert.is(opened(), 1);
  assert.not(report(false));
});

test('one trial after the time; its success closes, its failure opens for as long again', async () => {
  const { clock, breaker, report, opened } = openBreaker(1);
  report(true);
  await clock.advance(999);
  assert.not(report(false));
  await clock.advance(1);
  const trial = breaker.enter();
  assert.ok(trial);
  assert.not(breaker.enter(), 'only one');
  trial?.(true);
  assert.is(opened(), 2);
  await clock.advance(1_000);
  assert.ok(report(false));
  assert.ok(report(false), 'closed');
});

test('results of calls that began before it opened change nothing', async () => {
  const { clock, breaker, opened } = openBreaker(1);
  const [first, second, third] = [breaker.enter(), breaker.enter(), breaker.enter()];
  first?.(true);
  second?.(false);
  third?.(true);
  assert.is(opened(), 1);
  assert.not(breaker.enter());
  await clock.advance(1_000);
  const trial = breaker.enter();
  second?.(false);
  assert.not(breaker.enter(), 'a late success is not the success of the trial');
  trial?.(false);
  assert.ok(breaker.enter());
});

test('0 failures: no breaker', () => {
  const { report } = openBreaker(0);
  for (let call = 0; call < 100; call += 1) assert.ok(report(true));
});

test.run();
