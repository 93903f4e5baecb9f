import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createRepeatedWork } from './repeated-work.ts';
import { createTurns } from './turns.ts';

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
  const repeated = createRepeatedWork(work, () => {});
  const first = repeated.run('a');
  const second = repeated.run('a');
  void repeated.run('a');
  assert.is(gates.length, 1, 'never two at a time');
  gates[0]?.resolve();
  await settle();
  assert.is(gates.length, 2);
  gates[1]?.resolve();
  await Promise.all([first, second]);
  assert.is(gates.length, 2);
  assert.equal([...repeated.keys()], []);
});

test('asked for after a run, it runs again', async () => {
  let runs = 0;
  const work = async () => {
    runs += 1;
  };
  const repeated = createRepeatedWork(work, () => {});
  await repeated.run('a');
  await repeated.run('a');
  assert.is(runs, 2);
});

test('keys do not wait for each other', async () => {
  const { gates, work } = gatedWork();
  const repeated = createRepeatedWork(work, () => {});
  void repeated.run('a');
  const other = repeated.run('b');
  gates[1]?.resolve();
  await other;
  assert.equal([...repeated.keys()], ['a']);
});

test('an error is told, and what was asked for meanwhile still runs', async () => {
  const errors: unknown[] = [];
  const { gates, work } = gatedWork();
  const repeated = createRepeatedWork(work, (error) => void errors.push(error));
  const run = repeated.run('a');
  void repeated.run('a');
  gates[0]?.reject(new Error('first'));
  await settle();
  gates[1]?.resolve();
  await run;
  assert.is(errors.length, 1);
  await repeated.idle();
});

test('turns: no more at once than there are, the rest in their order, also after a failure', async () => {
  const takeTurn = createTurns(2);
  const { gates, work } = gatedWork();
  const done: number[] = [];
  const all = [0, 1, 2, 3].map((n) =>
    takeTurn(work).then(
      () => done.push(n),
      () => done.push(n),
    ),
  );
  assert.is(gates.length, 2);
  gates[1]?.reject(new Error('no'));
  await settle();
  assert.is(gates.length, 3);
  gates[0]?.resolve();
  await settle();
  gates[3]?.resolve();
  gates[2]?.resolve();
  await Promise.all(all);
  assert.equal(done, [1, 0, 3, 2]);
});

test.run();
