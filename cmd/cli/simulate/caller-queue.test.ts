import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createCallerQueue } from './caller-queue.ts';

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
};

const openQueue = (places: number, queueMax: number) => {
  const waits: number[] = [];
  const queue = createCallerQueue({ queueMax, hooks: { onQueued: (waiting) => void waits.push(waiting) } });
  queue.setPlaces(places);
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const run = (name: string) =>
    queue.run(() => {
      begun.push(name);
      return new Promise<string>((resolve) => ends.set(name, () => resolve(name)));
    });
  const end = async (name: string) => {
    ends.get(name)?.();
    await turns();
  };
  return { queue, waits, begun, run, end };
};

test('so many at once; the others wait in order', async () => {
  const { queue, waits, begun, run, end } = openQueue(2, 9);
  for (const name of ['a', 'b', 'c', 'd']) void run(name);
  await turns();
  assert.equal(begun, ['a', 'b']);
  assert.equal([queue.inFlight, queue.waiting, waits], [2, 2, [1, 2]]);
  await end('b');
  assert.equal(begun, ['a', 'b', 'c']);
  void run('e');
  await end('a');
  assert.equal(begun, ['a', 'b', 'c', 'd']);
});

test('a full queue refuses, and says so', async () => {
  const { run, begun, end } = openQueue(1, 1);
  const first = run('a');
  void run('b');
  assert.is(await run('c'), 'full');
  await end('a');
  assert.is(await first, 'a');
  assert.equal(begun, ['a', 'b']);
});

test('places can become more and fewer', async () => {
  const { queue, begun, run, end } = openQueue(2, 9);
  for (const name of ['a', 'b', 'c', 'd']) void run(name);
  await turns();
  queue.setPlaces(1);
  await end('a');
  assert.equal(begun, ['a', 'b'], 'one is still there');
  queue.setPlaces(3);
  await turns();
  assert.equal(begun, ['a', 'b', 'c', 'd']);
});

test('idle resolves when the last one has ended, work that throws included', async () => {
  const { queue, run, end } = openQueue(1, 9);
  await queue.idle();
  void run('a');
  const failing = queue.run(async () => {
    throw new Error('a bug');
  });
  let idle = false;
  void queue.idle().then(() => (idle = true));
  await turns();
  assert.not(idle);
  await end('a');
  await failing.then(assert.unreachable, () => {});
  await turns();
  assert.ok(idle);
});

test('clear lets go of those that wait, and of nobody else', async () => {
  const { queue, begun, run } = openQueue(1, 9);
  void run('a');
  const waiting = run('b');
  queue.clear();
  assert.is(await waiting, 'cleared');
  assert.equal([begun, queue.inFlight, queue.waiting], [['a'], 1, 0]);
});

test.run();
