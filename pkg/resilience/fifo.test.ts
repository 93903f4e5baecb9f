import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createFifo } from './fifo.ts';

test('leaving twice, or after the shift, takes nobody else out', () => {
  const fifo = createFifo<string>();
  const leaveA = fifo.push('a');
  const leaveB = fifo.push('b');
  fifo.push('c');
  assert.is(fifo.shift(), 'a');
  leaveA();
  leaveB();
  leaveB();
  assert.is(fifo.size, 1);
  assert.is(fifo.first(), 'c');
});

test('behaves as an array does, under any mix of arriving, leaving and serving', () => {
  const step = fc.oneof(fc.constant('push'), fc.constant('shift'), fc.nat(20));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const fifo = createFifo<number>();
      const model: number[] = [];
      const leave: (() => void)[] = [];
      for (const each of steps) {
        if (each === 'push') {
          model.push(leave.length);
          leave.push(fifo.push(leave.length));
        } else if (each === 'shift') {
          assert.is(fifo.shift(), model.shift());
        } else if (typeof each === 'number') {
          leave[each]?.();
          if (model.includes(each)) model.splice(model.indexOf(each), 1);
        }
        assert.is(fifo.size, model.length);
        assert.is(fifo.first(), model[0]);
      }
      while (model.length > 0) assert.is(fifo.shift(), model.shift());
      assert.is(fifo.shift(), undefined);
    }),
  );
});

test.run();
