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
  // Nor later, when all of them have been free.
  const before = gates.length;
  const later = [4, 5, 6].map(() => withinLimit(work));
  assert.is(gates.length - before, 2);
  for (const gate of gates) gate.resolve();
  await settle();
  gates.at(-1)?.resolve();
  await Promise.all(later);
});

test.run();
