import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createManualClock } from '../process/manual-clock.ts';
import { createDeadline } from './deadline.ts';
import { createKeyedCoalescers } from './keyed-coalescers.ts';

const setUp = () => {
  const clock = createManualClock();
  const coalescers = createKeyedCoalescers<string, string>();
  const runs: string[] = [];
  const open = (key: string) => () => ({
    run: async (jobs: readonly string[]) => {
      runs.push(`${key}: ${jobs.join(' ')}`);
      await new Promise<void>((resolve) => void clock.after(10, resolve));
      return jobs.map((job) => job.toUpperCase());
    },
    jobsMax: 10,
    sizeMax: 10,
    queueMax: 10,
    isPoison: () => false,
  });
  const submit = (key: string, job: string) =>
    coalescers.submit(key, open(key), { job, deadline: createDeadline(clock, 1_000) });
  return { clock, coalescers, runs, submit };
};

test('only jobs of one key share a run', async () => {
  const { clock, runs, submit } = setUp();
  const results = Promise.all([submit('x', 'a'), submit('x', 'b'), submit('y', 'c'), submit('x', 'd')]);
  await clock.advance(100);
  assert.equal(await results, ['A', 'B', 'C', 'D']);
  assert.equal(runs, ['x: a', 'y: c', 'x: b d']);
});

test('a key is held for as long as something of it is under way', async () => {
  const { clock, coalescers, submit } = setUp();
  void submit('x', 'a');
  void submit('y', 'b');
  assert.is(coalescers.size, 2);
  await clock.advance(10);
  assert.is(coalescers.size, 0);
});

test.run();
