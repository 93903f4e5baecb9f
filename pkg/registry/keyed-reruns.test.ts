import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createKeyedReruns } from './keyed-reruns.ts';

/** Work that ends when the test says so. */
const gatedWork = () => {
  const gates: PromiseWithResolvers<void>[] = [];
  return {
    gates,
    work: () => {
      const gate = Promise.withResolvers<void>();
      gates.push(gate);
      return gate.promise;
    },
  };
};
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

test('asked for during a run, it runs once more, however often it was asked for', async () => {
  const { gates, work } = gatedWork();
  const reruns = createKeyedReruns(work, () => {});
  const first = reruns.run('a');
  const second = reruns.run('a');
  void reruns.run('a');
  assert.is(gates.length, 1, 'never two at a time');
  gates[0]?.resolve();
  await settle();
  assert.is(gates.length, 2);
  gates[1]?.resolve();
  await Promise.all([first, second]);
  assert.is(gates.length, 2);
  assert.equal([...reruns.keys()], []);
});

test('asked for after a run, it runs again', async () => {
  let runs = 0;
  const work = async () => {
    runs += 1;
  };
  const reruns = createKeyedReruns(work, () => {});
  await reruns.run('a');
  await reruns.run('a');
  assert.is(runs, 2);
});

test('keys do not wait for each other', async () => {
  const { gates, work } = gatedWork();
  const reruns = createKeyedReruns(work, () => {});
  void reruns.run('a');
  const other = reruns.run('b');
  gates[1]?.resolve();
  await other;
  assert.equal([...reruns.keys()], ['a']);
});

test('an error is told, and what was asked for meanwhile still runs', async () => {
  const errors: unknown[] = [];
  const { gates, work } = gatedWork();
  const reruns = createKeyedReruns(work, (error) => void errors.push(error));
  const run = reruns.run('a');
  void reruns.run('a');
  gates[0]?.reject(new Error('first'));
  await settle();
  gates[1]?.resolve();
  await run;
  assert.is(errors.length, 1);
  await reruns.idle();
});

test.run();
