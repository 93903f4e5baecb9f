import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createManualClock } from '../process/manual-clock.ts';
import { createTimedSet } from './timed-set.ts';

test('a name is in it until its time has passed, or it is taken out', async () => {
  const clock = createManualClock();
  const set = createTimedSet(clock, 10);
  set.add('short', 10);
  set.add('long', 20);
  set.add('out', 20);
  set.delete('out');
  const inIt = () => ['short', 'long', 'out', 'never'].filter((name) => set.has(name));
  assert.equal(inIt(), ['short', 'long']);
  await clock.advance(9);
  assert.equal(inIt(), ['short', 'long']);
  await clock.advance(1);
  assert.equal(inIt(), ['long']);
  await clock.advance(10);
  assert.equal(inIt(), []);
  assert.is(set.size(), 0);
});

test('the last word counts', async () => {
  const clock = createManualClock();
  const set = createTimedSet(clock, 10);
  set.add('a', 10);
  set.add('a', 100);
  await clock.advance(50);
  assert.ok(set.has('a'));
  set.add('a', 10);
  await clock.advance(10);
  assert.not(set.has('a'));
});

test('with one more than it holds, the one that was added longest ago goes', () => {
  const set = createTimedSet(createManualClock(), 3);
  for (const name of ['a', 'b', 'c', 'a', 'd']) set.add(name, 10);
  assert.equal(
    ['a', 'b', 'c', 'd'].filter((name) => set.has(name)),
    ['a', 'c', 'd'],
  );
  assert.is(set.size(), 3);
});

test('it has room until it is full, and again when the time of what was added longest ago has passed', async () => {
  const clock = createManualClock();
  const set = createTimedSet(clock, 2);
  set.add('a', 10);
  assert.ok(set.hasRoom());
  set.add('b', 20);
  assert.not(set.hasRoom());
  await clock.advance(10);
  assert.ok(set.hasRoom());
  set.add('c', 10);
  assert.equal([set.has('b'), set.hasRoom()], [true, false]);
});

test.run();
