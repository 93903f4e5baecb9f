import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createConcurrencyLimit } from './concurrency-limit.ts';

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

test('no more run at once than there are places, the rest in their order, also after a failure', async () => {
  const withinLimit = createConcurrencyLimit(2);
  const gates: PromiseWithResolvers<void>[] = [];
  const work = () => {
    const gate = Promise.withResolvers<void>();
    gates.push(gate);
    return gate.promise;
  };
  const done: number[] = [];
  const all = [0, 1, 2, 3].map((n) =>
    withinLimit(work).then(
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
