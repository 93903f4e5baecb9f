import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createManualClock } from '../process/manual-clock.ts';
import { createDeadline } from './deadline.ts';
import { KeyedCoalescers } from './keyed-coalescers.ts';

const setUp = () => {
  const clock = createManualClock();
  const runs: string[] = [];
  const coalescers = new KeyedCoalescers<string, string, string>({
    run: async (context, jobs) => {
      runs.push(`${context}: ${jobs.join(' ')}`);
      await new Promise<void>((resolve) => void clock.after(10, resolve));
      return jobs.map((job) => job.toUpperCase());
    },
    jobsMax: 10,
    sizeMax: 10,
    queueMax: 10,
    isPoison: () => false,
  });
  const submit = (key: string, job: string) =>
    coalescers.submit(key, { context: `of ${job}`, job, deadline: createDeadline(clock, 1_000) });
  return { clock, coalescers, runs, submit };
};

test('only jobs of one key share a run', async () => {
  const { clock, runs, submit } = setUp();
  const results = Promise.all([submit('x', 'a'), submit('x', 'b'), submit('y', 'c'), submit('x', 'd')]);
  await clock.advance(100);
  assert.equal(await results, ['A', 'B', 'C', 'D']);
  assert.equal(runs, ['of a: a', 'of c: c', 'of a: b d']);
});

test('a key is held for as long as something of it is under way', async () => {
  const { clock, coalescers, submit } = setUp();
  void submit('x', 'a');
  void submit('y', 'b');
  assert.is(coalescers.size, 2);
  await clock.advance(10);
  assert.is(coalescers.size, 0);
});

test('one that is about to begin is held, whatever ends meanwhile, and only once', async () => {
  const clock = createManualClock();
  const starts: (() => void)[] = [];
  const ends: (() => void)[] = [];
  let running = 0;
  let runningMax = 0;
  const coalescers = new KeyedCoalescers<string, string, string>({
    run: async (_context, jobs) => {
      running += 1;
      runningMax = Math.max(runningMax, running);
      await new Promise<void>((resolve) => void ends.push(resolve));
      running -= 1;
      return jobs;
    },
    begin: (start: () => void) => void starts.push(start),
    inFlightMax: 2,
    jobsMax: 1,
    sizeMax: 1,
    queueMax: 10,
    isPoison: () => false,
  });
  const submit = (job: string) =>
    coalescers.submit('x', { context: 'x', job, deadline: createDeadline(clock, 1_000) }).catch(() => '');
  const settle = () => clock.advance(0);
  void submit('a');
  starts.shift()?.();
  void submit('b');
  ends.shift()?.();
  await settle();
  ends.shift()?.();
  await settle();
  assert.equal([coalescers.size, running], [1, 0], 'its begin is still to come');
  void submit('c');
  void submit('d');
  for (const start of starts.splice(0)) start();
  void submit('e');
  for (const start of starts.splice(0)) start();
  assert.equal([coalescers.size, runningMax], [1, 2]);
  for (; ends.length > 0; await settle()) ends.shift()?.();
  assert.equal([coalescers.size, running], [0, 0]);
});

test.run();
