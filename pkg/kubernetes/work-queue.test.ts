import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { kubernetesLimits } from '../process/limits.ts';
import { createManualClock } from '../process/manual-clock.ts';
import { createWorkQueue, type WorkResult } from './work-queue.ts';

interface Run {
  readonly key: string;
  readonly at: number;
  readonly signal: AbortSignal;
  end(result: WorkResult): void;
  fail(): void;
}

const open = (options: { readonly workersMax?: number; readonly random?: () => number } = {}) => {
  const clock = createManualClock();
  const runs: Run[] = [];
  const depths: number[] = [];
  const errors: string[] = [];
  const queue = createWorkQueue({
    clock,
    random: () => 0.5,
    ...options,
    work: (key, signal) => {
      const { promise, resolve, reject } = Promise.withResolvers<WorkResult>();
      runs.push({ key, at: clock.now(), signal, end: resolve, fail: () => reject(new Error('work')) });
      return promise;
    },
    hooks: { onDepth: (depth) => void depths.push(depth), onError: (key) => void errors.push(key) },
  });
  const settle = () => clock.advance(0);
  const keys = () => runs.map(({ key }) => key);
  /** Ends the last run, and waits. */
  const end = async (result: WorkResult) => {
    runs.at(-1)?.end(result);
    await settle();
  };
  return { clock, queue, runs, depths, errors, settle, keys, end };
};

test('keys are worked on in their order, by no more workers than there are', async () => {
  const { queue, runs, keys, settle } = open({ workersMax: 2 });
  for (const key of ['a', 'b', 'c', 'd']) queue.add(key);
  assert.equal(keys(), ['a', 'b']);
  assert.is(queue.depth, 2);
  runs[1]?.end('done');
  await settle();
  assert.equal(keys(), ['a', 'b', 'c']);
  runs[0]?.end('done');
  await settle();
  assert.equal(keys(), ['a', 'b', 'c', 'd']);
});

test('what waits is merged', async () => {
  const { queue, keys, end } = open({ workersMax: 1 });
  queue.add('a');
  for (let times = 0; times < 5; times += 1) queue.add('b');
  queue.addAfter('b', 10);
  await end('done');
  await end('done');
  assert.equal(keys(), ['a', 'b']);
  assert.is(queue.depth, 0);
});

test('what is added while it is worked on is worked on once more, and never twice at once', async () => {
  const { queue, keys, end } = open();
  queue.add('a');
  queue.add('a');
  queue.add('a');
  assert.equal(keys(), ['a']);
  await end('done');
  assert.equal(keys(), ['a', 'a']);
  await end('done');
  assert.equal(keys(), ['a', 'a']);
});

test('a failed key comes back after its own growing wait, between the bounds', async () => {
  const { clock, queue, runs, errors, end, settle } = open();
  queue.add('a');
  const waits: number[] = [];
  for (let failures = 0; failures < 15; failures += 1) {
    const failedAt = clock.now();
    if (failures % 2 === 0) await end('failed');
    else {
      runs.at(-1)?.fail();
      await settle();
    }
    await clock.advance(kubernetesLimits.queueBackoffMaxMs);
    waits.push((runs.at(-1)?.at ?? 0) - failedAt);
  }
  assert.is(runs.length, 16);
  assert.ok(
    waits.every((wait, at) => wait >= (waits[at - 1] ?? kubernetesLimits.queueBackoffMinMs)),
    waits.join(),
  );
  assert.is(waits.at(-1), (kubernetesLimits.queueBackoffMinMs + kubernetesLimits.queueBackoffMaxMs) / 2);
  assert.is(errors.length, 7);
});

test('the wait is forgotten after a success, or when asked', async () => {
  const { clock, queue, runs, end } = open();
  const waitOnce = async () => {
    await end('failed');
    const from = clock.now();
    const before = runs.length;
    while (runs.length === before) await clock.advance(1);
    return clock.now() - from;
  };
  queue.add('a');
  const first = await waitOnce();
  assert.ok((await waitOnce()) > first);
  await end('done');
  queue.add('a');
  assert.is(await waitOnce(), first);
  await waitOnce();
  queue.forget('a');
  queue.forget('nobody');
  assert.is(await waitOnce(), first);
});

test('two keys that failed together do not come back together', async () => {
  let last = 0;
  const { clock, queue, runs, settle } = open({ random: () => (last += 0.3) });
  queue.add('a');
  queue.add('b');
  for (const run of runs.slice()) run.end('failed');
  await settle();
  await clock.advance(kubernetesLimits.queueBackoffMaxMs);
  const [, , a, b] = runs;
  assert.is.not(a?.at, b?.at);
});

test('news about a failed key do not wait for its back-off', async () => {
  const { clock, queue, keys, end } = open();
  queue.add('a');
  await end('failed');
  assert.is(clock.pending(), 1);
  queue.add('a');
  assert.equal(keys(), ['a', 'a']);
  await end('done');
  await clock.advance(kubernetesLimits.queueBackoffMaxMs);
  assert.equal(keys(), ['a', 'a'], 'and what was due later is merged');
});

test('a delayed key is worked on then; of two delays the sooner one counts', async () => {
  const { clock, queue, runs, end } = open();
  queue.addAfter('a', 100);
  queue.addAfter('a', 50);
  queue.addAfter('a', 200);
  await clock.advance(49);
  assert.is(runs.length, 0);
  await clock.advance(1);
  assert.is(runs.length, 1);
  await end('done');
  await clock.advance(1_000);
  assert.is(runs.length, 1);
});

test('work that asks to be repeated is, and so is what was delayed while it ran, at the sooner time', async () => {
  const { clock, queue, runs, end } = open();
  queue.add('a');
  await end({ afterMs: 100 });
  await clock.advance(100);
  assert.is(runs.length, 2);
  queue.addAfter('a', 30);
  await end({ afterMs: 500 });
  await clock.advance(30);
  assert.is(runs.length, 3);
  await end('done');
  assert.is(clock.pending(), 0);
});

test('the depth that is told is that of what waits', async () => {
  const { queue, depths, end } = open({ workersMax: 1 });
  queue.add('a');
  queue.add('b');
  assert.equal(depths, [1, 0, 1]);
  await end('done');
  assert.equal(depths, [1, 0, 1, 0]);
});

test('work that takes too long is told to end, and still is the only one of its key', async () => {
  const { clock, queue, runs, end } = open();
  queue.add('a');
  await clock.advance(kubernetesLimits.queueWorkMs);
  assert.ok(runs[0]?.signal.aborted);
  queue.add('a');
  assert.is(runs.length, 1);
  await end('failed');
  assert.is(runs.length, 2);
  assert.not(runs[1]?.signal.aborted);
});

test('stop aborts what runs, waits for it, and begins nothing', async () => {
  const { clock, queue, runs, keys } = open({ workersMax: 1 });
  for (const key of ['a', 'b']) queue.add(key);
  queue.addAfter('c', 10);
  const stopped = queue.stop();
  assert.ok(runs[0]?.signal.aborted);
  runs[0]?.end('failed');
  assert.is(await stopped, 0);
  assert.is(await queue.stop(), 0);
  queue.add('d');
  await clock.advance(kubernetesLimits.queueBackoffMaxMs);
  assert.equal(keys(), ['a']);
  assert.is(clock.pending(), 0);
});

test('stop leaves behind what does not listen', async () => {
  const { clock, queue } = open();
  queue.add('a');
  let left: number | undefined;
  const stopped = queue.stop().then((count) => {
    left = count;
  });
  await clock.advance(kubernetesLimits.queueStopMs - 1);
  assert.is(left, undefined);
  await clock.advance(1);
  await stopped;
  assert.is(left, 1);
});

test.run();
