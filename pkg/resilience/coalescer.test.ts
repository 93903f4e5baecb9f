import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { AppError, isAppError } from '../errors/app-error.ts';
import { createManualClock, type ManualClock } from '../process/manual-clock.ts';
import { type Batching, Coalescer, type Runs } from './coalescer.ts';
import { createDeadline, type Deadline } from './deadline.ts';

class PoisonError extends Error {}
const isPoison = (error: unknown): boolean => error instanceof PoisonError;

const errorOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

/** Runs take 10 ms; a job's result is its own name in capitals; jobs that begin with `!` poison their run. */
const setUp = (options: Partial<Batching<string> & Runs<string, string>> = {}) => {
  const clock = createManualClock();
  const runs: string[] = [];
  const batching: Batching<string> = { jobsMax: 10, sizeMax: 100, queueMax: 20, isPoison, ...options };
  const coalescer = new Coalescer<string, string>(batching, {
    run: async (jobs) => {
      runs.push(jobs.join(' '));
      await new Promise<void>((resolve) => void clock.after(10, resolve));
      const poison = jobs.find((job) => job.startsWith('!'));
      if (poison !== undefined) throw new PoisonError(poison);
      return jobs.map((job) => job.toUpperCase());
    },
    ...options,
  });
  const submit = (job: string, budgetMs = 60_000) => coalescer.submit(job, createDeadline(clock, budgetMs));
  return { clock, runs, coalescer, submit };
};

/** Enough for any number of halvings. */
const finish = (clock: ManualClock) => clock.advance(1_000);

test('a lone job runs before submit returns', () => {
  const { runs, submit, coalescer } = setUp();
  void submit('a');
  assert.equal(runs, ['a']);
  assert.not(coalescer.idle());
});

test('so does the next one of a caller that awaited the last', async () => {
  const { clock, runs, submit } = setUp();
  const both = submit('a').then(() => {
    const second = submit('b');
    assert.equal(runs, ['a', 'b']);
    return second;
  });
  await finish(clock);
  assert.is(await both, 'B');
});

test('what arrives during a run is the next batch, in order, and each gets its own result', async () => {
  const { clock, runs, submit, coalescer } = setUp();
  const results = Promise.all(['a', 'b', 'c', 'd'].map((job) => submit(job)));
  assert.is(coalescer.waiting, 3);
  await finish(clock);
  assert.equal(runs, ['a', 'b c d']);
  assert.equal(await results, ['A', 'B', 'C', 'D']);
  assert.ok(coalescer.idle());
});

test('a batch ends at jobsMax', async () => {
  const { clock, runs, submit } = setUp({ jobsMax: 2 });
  for (const job of ['a', 'b', 'c', 'd']) void submit(job);
  await finish(clock);
  assert.equal(runs, ['a', 'b c', 'd']);
});

test('a batch ends at sizeMax, and a job above it runs alone', async () => {
  const { clock, runs, submit } = setUp({ sizeMax: 4, sizeOf: (job) => job.length });
  for (const job of ['a', 'bb', 'cc', 'd', 'eeeeeee', 'f']) void submit(job);
  await finish(clock);
  assert.equal(runs, ['a', 'bb cc', 'd', 'eeeeeee', 'f']);
});

test('as many runs at once as inFlightMax', async () => {
  const { clock, runs, submit } = setUp({ inFlightMax: 2 });
  for (const job of ['a', 'b', 'c', 'd']) void submit(job);
  assert.equal(runs, ['a', 'b']);
  await finish(clock);
  assert.equal(runs, ['a', 'b', 'c d']);
});

/** A `begin` that the test ends. */
const heldBegin = () => {
  const starts: (() => void)[] = [];
  return { begin: (start: () => void) => void starts.push(start), starts };
};

test('what arrives until it may begin is one run; then the next is asked for anew', async () => {
  const { begin, starts } = heldBegin();
  const { clock, runs, submit } = setUp({ begin });
  const results = Promise.all(['a', 'b'].map((job) => submit(job)));
  assert.equal([runs.length, starts.length], [0, 1]);
  starts.shift()?.();
  void submit('c');
  await finish(clock);
  assert.equal(await results, ['A', 'B']);
  assert.equal(runs, ['a b', 'c'], 'what arrived during the run needs no begin');
  void submit('d');
  assert.is(starts.length, 1);
});

test('a queue that waits for its begin has room for what then runs, and as much again as may wait', async () => {
  const { begin, starts } = heldBegin();
  const { clock, submit } = setUp({ begin, queueMax: 1, jobsMax: 2 });
  for (const job of ['a', 'b', 'c']) void submit(job);
  assert.ok(isAppError(await errorOf(submit('d')), 'overloaded'));
  starts.shift()?.();
  await finish(clock);
});

test('jobs that have all left before it may begin leave an idle coalescer, and it says so', async () => {
  const { begin, starts } = heldBegin();
  let idle = 0;
  const onIdle = () => {
    idle += 1;
  };
  const { clock, runs, submit, coalescer } = setUp({ begin, onIdle });
  const late = errorOf(submit('a', 5));
  await clock.advance(5);
  assert.ok(isAppError(await late, 'deadline_exceeded'));
  assert.is(idle, 0);
  starts.shift()?.();
  assert.equal([runs.length, idle, coalescer.idle()], [0, 1, true]);
});

test('a full queue refuses at once, an idle coalescer never does', async () => {
  const { clock, submit } = setUp({ queueMax: 1 });
  void submit('a');
  void submit('b');
  assert.ok(isAppError(await errorOf(submit('c')), 'overloaded'));
  await finish(clock);
  const alone = setUp({ queueMax: 0 });
  const result = alone.submit('a');
  await finish(alone.clock);
  assert.is(await result, 'A');
});

test('a job whose deadline passes while it waits leaves then, and frees its place', async () => {
  const { clock, runs, submit, coalescer } = setUp({ queueMax: 1 });
  void submit('a');
  const late = errorOf(submit('late', 5));
  await clock.advance(5);
  assert.ok(isAppError(await late, 'deadline_exceeded'));
  assert.is(coalescer.waiting, 0);
  void submit('b');
  await finish(clock);
  assert.equal(runs, ['a', 'b']);
});

test('a job whose deadline has passed is not run, even when its own timer is late', async () => {
  const { clock, runs, submit, coalescer } = setUp({ jobsMax: 1 });
  const lateTimers = { ...clock, after: () => () => {} };
  void submit('a');
  const late = [1, 2, 3].map((id) => errorOf(coalescer.submit(`late${id}`, createDeadline(lateTimers, 5))));
  void submit('b');
  await finish(clock);
  for (const error of await Promise.all(late)) assert.ok(isAppError(error, 'deadline_exceeded'));
  assert.equal(runs, ['a', 'b']);
  assert.ok(coalescer.idle());
});

test('a job whose deadline has passed takes no place in a batch', async () => {
  const { clock, runs, submit, coalescer } = setUp({ jobsMax: 2 });
  const lateTimers = { ...clock, after: () => () => {} };
  void submit('a');
  void errorOf(coalescer.submit('late', createDeadline(lateTimers, 5)));
  void submit('b');
  void submit('c');
  await finish(clock);
  assert.equal(runs, ['a', 'b c']);
});

test('a settled job no longer watches its deadline', async () => {
  const { clock, coalescer } = setUp();
  let watching = 0;
  const deadline: Deadline = {
    expiresAt: 100,
    remainingMs: () => 100,
    expired: () => false,
    narrow: () => {},
    race: (work) => work,
    close: () => {},
    onExpire: () => {
      watching += 1;
      return () => {
        watching -= 1;
      };
    },
  };
  void coalescer.submit('a', deadline);
  void errorOf(coalescer.submit('!b', deadline));
  assert.is(watching, 2);
  await finish(clock);
  assert.is(watching, 0);
});

test('a job whose deadline passes during the run leaves then, and the run goes on for the others', async () => {
  const { clock, runs, submit, coalescer } = setUp();
  void submit('a');
  const late = errorOf(submit('late', 15));
  const patient = submit('patient');
  await clock.advance(15);
  assert.ok(isAppError(await late, 'deadline_exceeded'));
  assert.not(coalescer.idle());
  await clock.advance(5);
  assert.is(await patient, 'PATIENT');
  assert.equal(runs, ['a', 'late patient']);
});

test('only the guilty jobs of a failed batch get an error, each its own', async () => {
  const { clock, runs, submit } = setUp();
  void submit('first');
  const jobs = ['a', 'b', '!c', 'd', 'e', '!f'];
  const outcomes = Promise.allSettled(jobs.map((job) => submit(job)));
  await finish(clock);
  const seen = (await outcomes).map((each) => (each.status === 'fulfilled' ? each.value : each.reason.message));
  assert.equal(seen, ['A', 'B', '!c', 'D', 'E', '!f']);
  assert.equal(runs, ['first', 'a b !c d e !f', 'a b !c', 'a', 'b !c', 'b', '!c', 'd e !f', 'd', 'e !f', 'e', '!f']);
});

test('a job that has left is not run again with its half', async () => {
  const { clock, runs, submit } = setUp();
  void submit('first');
  void errorOf(submit('late', 15));
  void errorOf(submit('!a'));
  await finish(clock);
  assert.equal(runs, ['first', 'late !a', '!a']);
});

test('the failure of what all need is the failure of all, and nothing is run again', async () => {
  const outage = new Error('outage');
  let runs = 0;
  const gate = Promise.withResolvers<void>();
  const { clock, submit, coalescer } = setUp({
    run: async () => {
      runs += 1;
      await gate.promise;
      throw outage;
    },
  });
  const errors = ['a', 'b', 'c'].map((job) => errorOf(submit(job)));
  gate.resolve();
  await finish(clock);
  assert.equal(await Promise.all(errors), [outage, outage, outage]);
  assert.is(runs, 2);
  assert.ok(coalescer.idle());
});

test('a run that throws at once is a failed run', async () => {
  const { submit, coalescer } = setUp({
    run: () => {
      throw new PoisonError('at once');
    },
  });
  assert.instance(await errorOf(submit('a')), PoisonError);
  assert.ok(coalescer.idle());
});

test('so is each of very many that wait for one another', async () => {
  const run = () => {
    throw new PoisonError('at once');
  };
  const { submit, coalescer } = setUp({ run, jobsMax: 1, queueMax: 20_000 });
  const errors = await Promise.all(Array.from({ length: 20_000 }, () => errorOf(submit('a'))));
  assert.ok(errors.every((error) => error instanceof PoisonError));
  assert.ok(coalescer.idle());
});

test('a wrong number of results is nobody’s result, and is not tried again', async () => {
  const runs: number[] = [];
  const { submit } = setUp({
    run: async (jobs) => {
      runs.push(jobs.length);
      return ['x', 'y'];
    },
    isPoison: () => true,
  });
  const errors = ['a', 'b', 'c', 'd'].map((job) => errorOf(submit(job)));
  for (const error of await Promise.all(errors)) assert.ok(isAppError(error, 'internal'));
  assert.equal(runs, [1, 3]);
});

interface Arrival {
  readonly pauseMs: number;
  readonly budgetMs: number;
  readonly size: number;
  readonly poison: boolean;
}

const arrival: fc.Arbitrary<Arrival> = fc.record({
  pauseMs: fc.constantFrom(0, 0, 0, 1, 5, 20),
  budgetMs: fc.nat(200),
  size: fc.integer({ min: 1, max: 5 }),
  poison: fc.constantFrom(false, false, false, true),
});

test('every job gets exactly its own result or its own error, once, whatever happens', async () => {
  const scenario = fc.record({
    jobsMax: fc.integer({ min: 1, max: 8 }),
    sizeMax: fc.integer({ min: 1, max: 20 }),
    queueMax: fc.nat(20),
    inFlightMax: fc.integer({ min: 1, max: 3 }),
    outageAtRun: fc.nat(30),
    runsMs: fc.array(fc.nat(20), { minLength: 1, maxLength: 10 }),
    arrivals: fc.array(arrival, { maxLength: 40 }),
  });
  await fc.assert(
    fc.asyncProperty(scenario, async ({ outageAtRun, runsMs, arrivals, ...limits }) => {
      const clock = createManualClock();
      const outage = new Error('outage');
      const hitByOutage = new Set<number>();
      let runs = 0;
      let running = 0;
      const sizeOf = (id: number) => arrivals[id]?.size ?? 0;
      const coalescer = new Coalescer<number, string>(
        { ...limits, isPoison, sizeOf },
        {
          run: async (ids) => {
            const run = runs;
            runs += 1;
            running += 1;
            const size = ids.reduce((sum, id) => sum + sizeOf(id), 0);
            assert.ok(running <= limits.inFlightMax && ids.length <= limits.jobsMax);
            assert.ok(size <= limits.sizeMax || ids.length === 1);
            for (const id of ids) assert.not(deadlines[id]?.expired());
            await new Promise<void>((resolve) => void clock.after(runsMs[run % runsMs.length] ?? 0, resolve));
            running -= 1;
            if (run === outageAtRun) {
              for (const id of ids) hitByOutage.add(id);
              throw outage;
            }
            const guilty = ids.find((id) => arrivals[id]?.poison);
            if (guilty !== undefined) throw new PoisonError(String(guilty));
            return ids.map((id) => `result of ${id}`);
          },
        },
      );
      const deadlines: ReturnType<typeof createDeadline>[] = [];
      const outcomes: unknown[][] = arrivals.map(() => []);
      for (const [id, each] of arrivals.entries()) {
        const deadline = createDeadline(clock, each.budgetMs);
        deadlines.push(deadline);
        coalescer.submit(id, deadline).then(
          (result) => outcomes[id]?.push(result),
          (error) => outcomes[id]?.push(isAppError(error, 'deadline_exceeded') ? [error, clock.now()] : error),
        );
        assert.ok(coalescer.waiting <= limits.queueMax);
        await clock.advance(each.pauseMs);
      }
      await clock.advance(5_000);

      for (const [id, seen] of outcomes.entries()) {
        assert.is(seen.length, 1, `job ${id} has one outcome`);
        const [outcome] = seen;
        if (typeof outcome === 'string') {
          assert.is(outcome, `result of ${id}`);
          assert.not(arrivals[id]?.poison);
        } else if (Array.isArray(outcome)) {
          assert.is(outcome[1], deadlines[id]?.expiresAt);
        } else if (outcome instanceof PoisonError) {
          assert.is(outcome.message, String(id));
        } else if (outcome === outage) {
          assert.ok(hitByOutage.has(id));
        } else {
          assert.ok(outcome instanceof AppError && outcome.code === 'overloaded', String(outcome));
        }
      }
      assert.ok(coalescer.idle());
      for (const deadline of deadlines) deadline.close();
      assert.is(clock.pending(), 0);
    }),
    { numRuns: 200 },
  );
});

test.run();
