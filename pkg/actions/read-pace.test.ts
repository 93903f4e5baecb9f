import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { databaseLimits } from '../process/limits.ts';
import { ReadPace, unitsOf } from './read-pace.ts';

const { sharedReadMsMax, batchKeysMax } = databaseLimits;
const least = (keys: number) => (unitsOf(keys) * sharedReadMsMax) / batchKeysMax;
const near = (actual: number | undefined, expected: number, what?: string) =>
  assert.ok(actual !== undefined && Math.abs(actual - expected) < expected / 1_000, `${what} ${actual} ${expected}`);
const repeat = (times: number, work: () => void) => {
  for (let n = 0; n < times; n += 1) work();
};

test('nothing is known before a first statement of its own; then as many share as may', () => {
  const pace = new ReadPace();
  assert.is(pace.costMs(unitsOf(1)), undefined);
  pace.noteAlone(8);
  near(pace.costMs(unitsOf(1)), least(1));
  near(pace.costMs(unitsOf(10)), least(10));
});

test('what is slow all the time shows, without the way there and back; what is slow now and then does not', () => {
  const pace = new ReadPace();
  pace.noteAlone(2);
  const units = 40;
  repeat(1_000, () => pace.noteTogether(units, 2 + units * 0.1));
  near(pace.costMs(1), 0.1);
  repeat(20, () => pace.noteTogether(units, 500));
  assert.ok(Number(pace.costMs(1)) < 0.15, 'twenty slow moments');
  pace.noteTogether(units, 2 + units * 0.1);
  near(pace.costMs(1), 0.1, 'the quickest counts');
});

test('a statement of its own that takes longer now and then is no news, one that always does is', () => {
  const pace = new ReadPace();
  pace.noteAlone(1);
  repeat(10, () => pace.noteAlone(50));
  repeat(1_000, () => pace.noteTogether(10, 11));
  near(pace.costMs(1), 1 - (1.02 ** 10 - 1) / 10);
  repeat(1_000, () => pace.noteAlone(10));
  repeat(1_000, () => pace.noteTogether(10, 11));
  near(pace.costMs(1), 0.1);
});

test('one that was not waited for has fewer share the next time; what is forgotten starts over', () => {
  const pace = new ReadPace();
  pace.noteAlone(1);
  const before = Number(pace.costMs(1));
  pace.noteLate();
  assert.is(pace.costMs(1), before * 4);
  pace.forgetTogether();
  assert.is(pace.costMs(1), before);
});

test.run();
