import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createManualClock } from '../process/manual-clock.ts';
import { RecentKeys } from './recent-keys.ts';

const setUp = () => {
  const clock = createManualClock();
  const recent = new RecentKeys({ clock, max: 2, ms: 100 });
  return {
    clock,
    recent,
    note: (...keys: readonly string[]) =>
      keys.map((key) => {
        recent.note(key);
        return recent.areMoreThan(2);
      }),
  };
};

test('more than so many different keys are many', () => {
  const { note } = setUp();
  assert.equal(note('a', 'b', 'a', 'b', 'c', 'a', 'd'), [false, false, false, false, true, true, true]);
});

test('a key counts for a while after it was noted last', async () => {
  const { clock, recent, note } = setUp();
  note('a', 'b');
  await clock.advance(60);
  assert.equal(note('a', 'c'), [false, true]);
  await clock.advance(40);
  assert.equal(note('a'), [false], 'b is too long ago');
  assert.equal(note('d'), [true], 'in its place');
  await clock.advance(99);
  assert.equal(note('a'), [false], 'c too');
  note('b', 'c');
  await clock.advance(99);
  assert.ok(recent.areMoreThan(2));
  await clock.advance(1);
  assert.not(recent.areMoreThan(2));
});

test('fewer can be asked about', async () => {
  const { clock, recent, note } = setUp();
  const asked = () => [0, 1, 2].map((count) => recent.areMoreThan(count));
  assert.equal(asked(), [false, false, false]);
  note('a');
  assert.equal(asked(), [true, false, false]);
  await clock.advance(60);
  note('b');
  assert.equal(asked(), [true, true, false]);
  await clock.advance(40);
  assert.equal(asked(), [true, false, false]);
});

test.run();
