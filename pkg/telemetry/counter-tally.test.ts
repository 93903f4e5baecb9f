import { Counter } from 'prom-client';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createTally } from './counter-tally.ts';

const labelNames = ['a', 'b'];

const createTallied = () => {
  const counter = new Counter({ name: 'c', help: 'c', labelNames, registers: [] });
  return { counter, tally: createTally(counter, labelNames) };
};

const valuesOf = async (counter: Counter) =>
  (await counter.get()).values.map(({ labels, value }) => [labels.a, labels.b, value]);

test('a counter knows nothing before the flush and everything after it', async () => {
  const { tally, counter } = createTallied();
  tally.add({ a: '1', b: '2' }, 1);
  tally.add({ a: '1', b: '2' }, 2);
  tally.add({ a: '1', b: '3' }, 4);
  assert.equal(await valuesOf(counter), []);
  tally.flush();
  assert.equal(await valuesOf(counter), [
    ['1', '2', 3],
    ['1', '3', 4],
  ]);
});

test('what was flushed is not counted again', async () => {
  const { tally, counter } = createTallied();
  tally.add({ a: '1', b: '2' }, 1);
  tally.flush();
  tally.flush();
  tally.add({ a: '1', b: '2' }, 1);
  tally.flush();
  assert.equal(await valuesOf(counter), [['1', '2', 2]]);
});

test('the order of labels makes no other series, and no two values one', async () => {
  const { tally, counter } = createTallied();
  tally.add({ a: '1', b: '2' }, 1);
  tally.add({ b: '2', a: '1' }, 1);
  tally.add({ a: '2', b: '1' }, 4);
  tally.add({ a: '12', b: '' }, 1);
  tally.flush();
  assert.equal(await valuesOf(counter), [
    ['1', '2', 2],
    ['2', '1', 4],
    ['12', '', 1],
  ]);
});

test.run();
