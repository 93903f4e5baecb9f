import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cacheLimits } from '../process/limits.ts';
import { createManualClock } from '../process/manual-clock.ts';
import { createInvalidationLog, type InvalidationLog } from './invalidation-log.ts';

test('stamps are wall time and rise, also when the wall clock stands still or steps back', () => {
  let wall = 1_000;
  const log = createInvalidationLog({ ...createManualClock(), wall: () => wall });
  const stamps = [log.stamp(), log.stamp()];
  wall = 400;
  stamps.push(log.stamp());
  wall = 2_000;
  stamps.push(log.stamp());
  assert.is(stamps[0], 1_000);
  assert.is(stamps[3], 2_000);
  assert.equal(
    stamps,
    stamps.toSorted((a, b) => a - b),
  );
  assert.is(new Set(stamps).size, stamps.length);
});

test('changed keys raise no floor; distrust of Redis raises that of Redis alone; a floor both', () => {
  const log = createInvalidationLog(createManualClock(0));
  const facts = (scope: string) => [log.changedAt(scope), log.floor(scope), log.redisFloor(scope)];
  log.noteKeys('keys', 5);
  log.distrustRedis('redis', 6);
  log.raise('all', 7);
  assert.equal(facts('keys'), [5, 0, 0]);
  assert.equal(facts('redis'), [6, 0, 6]);
  assert.equal(facts('all'), [7, 7, 7]);
  assert.equal(facts('other'), [0, 0, 0]);
  log.noteKeys('all', 9);
  log.raise('all', 8);
  assert.equal(facts('all'), [9, 8, 8]);
});

const factsOf = (log: InvalidationLog, scope: string) => ({
  changed: log.changedAt(scope),
  floor: log.floor(scope),
  redisFloor: log.redisFloor(scope),
});

test('raiseAll voids every scope, known or not', () => {
  const log = createInvalidationLog(createManualClock());
  const before = log.stamp();
  log.raiseAll();
  for (const since of [log.changedAt, log.floor, log.redisFloor]) assert.ok(since('any') > before);
});

test('what was missed counts as a change of every scope, and raises no floor', () => {
  const log = createInvalidationLog(createManualClock(0));
  log.raise('a', 3);
  log.missed(10, 5);
  assert.equal(factsOf(log, 'any'), { changed: 10, floor: 0, redisFloor: 0 });
  assert.equal(factsOf(log, 'a'), { changed: 10, floor: 3, redisFloor: 3 });
  assert.is(log.redisSince(), 5);
  log.missed(12, 4);
  assert.is(log.redisSince(), 5, 'others that have listened for longer do not mend it');
});

test('changed keys of one scope more than it remembers void nothing: they count as a change of every scope', () => {
  const log = createInvalidationLog(createManualClock(), 2);
  for (const scope of ['a', 'b', 'a']) log.noteKeys(scope, log.stamp());
  assert.is(log.changedAt('other'), 0, 'a scope known already takes no place');
  const last = log.stamp();
  log.noteKeys('c', last);
  for (const scope of ['a', 'b', 'c', 'other'])
    assert.equal(factsOf(log, scope), { changed: last, floor: 0, redisFloor: 0 });
  const next = log.stamp();
  log.noteKeys('d', next);
  assert.equal([log.changedAt('d'), log.changedAt('a')], [next, last]);
});

test('a change of every scope is no earlier than what was noted of any', () => {
  const log = createInvalidationLog(createManualClock(0), 1);
  log.noteKeys('a', 9);
  log.noteKeys('b', 8);
  assert.equal([log.changedAt('a'), log.changedAt('b')], [9, 9]);
});

test('distrust of Redis for one scope more distrusts all of Redis, and leaves memory alone', () => {
  const log = createInvalidationLog(createManualClock(0), 1);
  log.distrustRedis('a', 5);
  log.distrustRedis('b', 6);
  for (const scope of ['a', 'b', 'other']) assert.equal(factsOf(log, scope), { changed: 6, floor: 0, redisFloor: 6 });
});

test('a floor for one scope more than it remembers voids everything instead of forgetting one', () => {
  const log = createInvalidationLog(createManualClock(), 2);
  for (const scope of ['a', 'b', 'a']) log.raise(scope, log.stamp());
  for (const scope of ['c', 'd', 'e']) log.noteKeys(scope, log.stamp());
  assert.is(log.floor('other'), 0, 'a scope known already takes no place, nor do changed keys');
  const last = log.stamp();
  log.raise('c', last);
  for (const scope of ['a', 'b', 'c', 'other'])
    assert.equal(factsOf(log, scope), { changed: last, floor: last, redisFloor: last });
});

test('scopes make room when nothing they void can be alive', async () => {
  const clock = createManualClock();
  const log = createInvalidationLog(clock, 2);
  log.raise('a', log.stamp());
  log.raise('b', log.stamp());
  await clock.advance(cacheLimits.entryLifeMsMax + 1);
  log.raise('c', log.stamp());
  assert.equal([log.floor('a'), log.floor('b'), log.floor('other')], [0, 0, 0]);
});

test.run();
