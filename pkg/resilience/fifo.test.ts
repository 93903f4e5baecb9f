import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Fifo, type Place } from './fifo.ts';

test('leaving twice, or after the shift, takes nobody else out', () => {
  const fifo = new Fifo<string>();
  const a = fifo.push('a');
  const b = fifo.push('b');
  fifo.push('c');
  assert.is(fifo.shift(), 'a');
  fifo.leave(a);
  fifo.leave(b);
  fifo.leave(b);
  assert.is(fifo.size, 1);
  assert.is(fifo.first(), 'c');
});

test('behaves as an array does, under any mix of arriving, leaving and serving', () => {
  const step = fc.oneof(fc.constant('push'), fc.constant('shift'), fc.nat(20));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const fifo = new Fifo<number>();
      const model: number[] = [];
      const places: Place<number>[] = [];
      for (const each of steps) {
        if (each === 'push') {
          model.push(places.length);
          places.push(fifo.push(places.length));
        } else if (each === 'shift') {
          assert.is(fifo.shift(), model.shift());
        } else if (typeof each === 'number') {
          const place = places[each];
          if (place) fifo.leave(place);
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
