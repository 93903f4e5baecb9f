import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { databaseLimits, sharedReadLimits } from '../process/limits.ts';
import { ReadPace, unitsOf } from './read-pace.ts';

const { extraMsMax, patienceMs, restMsMin, restMsMax } = sharedReadLimits;
const least = (keys: number) => (unitsOf(keys) * extraMsMax) / databaseLimits.batchKeysMax;
const near = (actual: number, expected: number, what?: string) =>
  assert.ok(Math.abs(actual - expected) < expected / 1_000, `${what} ${actual} ${expected}`);
const repeat = (times: number, work: () => void) => {
  for (let n = 0; n < times; n += 1) work();
};

test('as long as nothing is known, as many share as may', () => {
  const pace = new ReadPace();
  near(pace.costMs(unitsOf(1)), least(1));
  near(pace.costMs(unitsOf(10)), least(10));
  pace.noteTogether(1_000, 0);
  near(pace.costMs(unitsOf(1)), least(1), 'never more');
});

test('what is slow all the time shows; what is slow now and then does not', () => {
  const pace = new ReadPace();
  const units = 40;
  repeat(1_000, () => pace.noteTogether(units, units * 0.1));
  near(pace.costMs(1), 0.1);
  repeat(20, () => pace.noteTogether(units, 500));
  assert.ok(pace.costMs(1) < 0.15, 'twenty slow moments');
  pace.noteTogether(units, units * 0.1);
  near(pace.costMs(1), 0.1, 'the quickest counts');
  pace.forgetTogether();
  near(pace.costMs(1), least(0));
});

test('the more failures in a row, the longer the rest', () => {
  const pace = new ReadPace();
  assert.equal([pace.noteFailure(), pace.noteFailure(), pace.noteFailure()], [restMsMin, restMsMin * 2, restMsMin * 4]);
  pace.noteTogether(10, 1);
  assert.is(pace.noteFailure(), restMsMin, 'the first in a row');
  repeat(100, () => pace.noteFailure());
  assert.is(pace.noteFailure(), restMsMax);
});

test('slow is what takes long in a statement of its own, and longer than all did lately', () => {
  const pace = new ReadPace();
  assert.not(pace.isSlow(patienceMs * 9), 'the first');
  pace.noteAlone(1);
  repeat(10, () => pace.noteAlone(50));
  assert.equal([pace.isSlow(patienceMs), pace.isSlow(patienceMs + 1)], [false, true], 'now and then is no news');
  repeat(1_000, () => pace.noteAlone(patienceMs));
  assert.not(pace.isSlow(patienceMs * 2), 'PostgreSQL is busy');
  assert.ok(pace.isSlow(patienceMs * 5));
});

test('slow by itself is what still ran for a while after another, that began no sooner, was quick', () => {
  const pace = new ReadPace();
  const slowFrom = (began: number, ended: number) => pace.wasSlowBesideQuick(began, ended);
  assert.not(slowFrom(0, patienceMs * 9), 'no other');
  pace.noteQuick(10, 12);
  assert.equal(
    [slowFrom(10, 12 + patienceMs), slowFrom(11, 12 + patienceMs), slowFrom(10, 11 + patienceMs)],
    [true, false, false],
  );
});

test('of the quick ones the last are remembered, however many there are', () => {
  const pace = new ReadPace();
  const end = patienceMs * 100;
  for (let ended = 1; ended <= end; ended += 1) pace.noteQuick(ended - 1, ended);
  const slowFor = (ms: number) => pace.wasSlowBesideQuick(end - ms, end);
  assert.equal([slowFor(patienceMs), slowFor(patienceMs * 1.5), slowFor(patienceMs * 50)], [false, true, true]);
  assert.not(pace.wasSlowBesideQuick(0, end - patienceMs * 2), 'what is longer ago is forgotten');
});

test.run();
