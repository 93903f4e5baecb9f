import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sharedReadLimits } from '../process/limits.ts';
import { createManualClock } from '../process/manual-clock.ts';
import { ReadPace } from './read-pace.ts';
import { createSlowLookups } from './slow-lookups.ts';

const { patienceMs, aloneAfterSlowMs } = sharedReadLimits;
const [quick, long] = [1, patienceMs + 1];

/** One text, whose last quick statement is longer ago than any statement here takes. */
const setUp = async () => {
  const clock = createManualClock();
  const slow = createSlowLookups(clock);
  const pace = new ReadPace();
  const alone = (scope: string, ms: number, end: 'read' | 'refused' = 'read') =>
    slow.noteAlone(scope, pace, clock.now() - ms, end);
  alone('before', quick);
  await clock.advance(long + 1);
  return { clock, slow, alone };
};

test('who is refused reads alone for a while, however quick it is', async () => {
  const { clock, slow, alone } = await setUp();
  alone('a', quick, 'refused');
  alone('a', quick);
  await clock.advance(aloneAfterSlowMs - 1);
  assert.ok(slow.has('a'));
  await clock.advance(1);
  assert.not(slow.has('a'));
});

test('how long that took says nothing of how long reading takes', () => {
  const clock = createManualClock();
  const slow = createSlowLookups(clock);
  const pace = new ReadPace();
  slow.noteAlone('a', pace, clock.now() - quick, 'refused');
  slow.noteAlone('b', pace, clock.now() - long, 'read');
  assert.not(slow.has('b'), 'the first that was read');
});

test('so does who is slow while others by the same text are quick', async () => {
  const { clock, slow, alone } = await setUp();
  alone('b', quick);
  await clock.advance(patienceMs);
  alone('a', patienceMs + quick);
  alone('a', quick);
  assert.equal([slow.has('a'), slow.has('b')], [true, false]);
  await clock.advance(aloneAfterSlowMs);
  assert.not(slow.has('a'));
});

test('who is slow when all may be reads alone until it is quick, or for a while', async () => {
  const { clock, slow, alone } = await setUp();
  for (const scope of ['a', 'b', 'a', 'b']) alone(scope, long);
  alone('a', quick);
  assert.equal([slow.has('a'), slow.has('b')], [false, true]);
  await clock.advance(aloneAfterSlowMs);
  assert.not(slow.has('b'));
});

test('who was slow so and is again, though quick in between, is so by itself', async () => {
  const { clock, slow, alone } = await setUp();
  for (const ms of [long, quick, long, quick]) alone('a', ms);
  assert.ok(slow.has('a'));
  for (const ms of [long, quick]) alone('b', ms);
  await clock.advance(aloneAfterSlowMs);
  for (const ms of [long, quick]) alone('b', ms);
  assert.not(slow.has('b'), 'too long ago');
});

test('who was in a shared statement that did not end well reads alone until it is quick, or for a while', async () => {
  const { clock, slow, alone } = await setUp();
  for (const scope of ['a', 'b']) slow.suspect(scope);
  alone('a', quick);
  assert.equal([slow.has('a'), slow.has('b')], [false, true]);
  alone('a', long);
  alone('a', quick);
  assert.not(slow.has('a'), 'slow but once');
  await clock.advance(aloneAfterSlowMs);
  assert.not(slow.has('b'));
});

test.run();
