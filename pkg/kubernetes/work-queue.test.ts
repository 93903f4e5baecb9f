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
  await end('done');
  await end('done');
  assert.equal(keys(), ['a', 'b']);
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

test('who asks for a pause is asked for nothing until it is over, whatever else there is to do', async () => {
  const { clock, queue, runs, keys, settle, end } = open({ workersMax: 2 });
  for (const key of ['a', 'b', 'c']) queue.add(key);
  runs[0]?.end({ pauseMs: 1_000 });
  await settle();
  runs[1]?.end({ pauseMs: 500 });
  queue.add('d');
  await clock.advance(999);
  assert.equal(keys(), ['a', 'b']);
  await clock.advance(1);
  assert.equal(keys(), ['a', 'b', 'c', 'd']);
  await end('done');
  assert.equal(keys(), ['a', 'b', 'c', 'd', 'a'], 'it had failed');
});

test('the wait is forgotten after a success', async () => {
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
  await end({ afterMs: 1 });
  await clock.advance(1);
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

test('work that asks to be repeated is, then or when it is added', async () => {
  const { clock, queue, runs, end } = open();
  queue.add('a');
  await end({ afterMs: 100 });
  await clock.advance(99);
  assert.is(runs.length, 1);
  await clock.advance(1);
  assert.is(runs.length, 2);
  queue.add('a');
  await end({ afterMs: 500 });
  assert.is(runs.length, 3, 'what was added meanwhile does not wait');
  await end('done');
  assert.is(clock.pending(), 0);
});

test('the depth that is told is that of what waits', async () => {
  const { queue, depths, end } = open({ workersMax: 1 });
  queue.add('a');
  queue.add('b');
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
  const { clock, queue, runs, keys, end } = open({ workersMax: 1 });
  queue.add('c');
  await end({ afterMs: 10 });
  for (const key of ['a', 'b']) queue.add(key);
  const stopped = queue.stop();
  assert.ok(runs[1]?.signal.aborted);
  runs[1]?.end('failed');
  assert.is(await stopped, 0);
  assert.is(await queue.stop(), 0);
  assert.is(clock.pending(), 0);
  queue.add('d');
  await clock.advance(kubernetesLimits.queueBackoffMaxMs);
  assert.equal(keys(), ['c', 'a']);
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
