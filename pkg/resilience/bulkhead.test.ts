import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createBulkhead } from './bulkhead.ts';

test('lets in as many as the limit, and one more for each that left', () => {
  const bulkhead = createBulkhead(2);
  assert.equal([bulkhead.tryEnter(), bulkhead.tryEnter(), bulkhead.tryEnter()], [true, true, false]);
  assert.is(bulkhead.inFlight, 2);
  bulkhead.leave();
  assert.equal([bulkhead.tryEnter(), bulkhead.tryEnter()], [true, false]);
});

test('leaving more often than entering is a bug', () => {
  const bulkhead = createBulkhead(1);
  assert.throws(bulkhead.leave, /leave without enter/);
  assert.is(bulkhead.inFlight, 0);
});

test('a lower limit sends nobody away and lets nobody in until it is met', () => {
  const bulkhead = createBulkhead(3);
  for (let i = 0; i < 3; i += 1) bulkhead.tryEnter();
  bulkhead.configure(1);
  assert.is(bulkhead.inFlight, 3);
  bulkhead.leave();
  bulkhead.leave();
  assert.not(bulkhead.tryEnter());
  bulkhead.leave();
  assert.ok(bulkhead.tryEnter());
});

test('a higher limit holds at once', () => {
  const bulkhead = createBulkhead(1);
  bulkhead.tryEnter();
  bulkhead.configure(2);
  assert.ok(bulkhead.tryEnter());
});

test.run();
