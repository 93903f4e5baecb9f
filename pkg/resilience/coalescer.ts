/**
 * Makes one run of many jobs: what arrives while a run is under way forms the next batch. Nobody waits on a timer.
 *
 * A lone caller's run begins at once or, where `begin` says so, with what else arrives in the same turn of the event loop; with more
 * load the batches grow by themselves.
 * Each job has its own deadline and its own outcome: one that makes a batch fail is found by halving the batch, and
 * the others do not notice. A run whose callers have all left still goes on, and counts as under way.
 * Invariant: a job waits only while `inFlightMax` runs are under way, or for `begin`.
 */
import { AppError } from '../errors/app-error.ts';
import { slotLimits } from '../process/limits.ts';
import type { Deadline } from './deadline.ts';
import { createFifo } from './fifo.ts';

export interface CoalescerOptions<Job, Result> {
  /** One result for each job, in their order. May be called again with some of the jobs when `isPoison` says so. */
  readonly run: (jobs: readonly Job[]) => Promise<readonly Result[]>;
  /** In the unit of `sizeMax`; default 1. */
  readonly sizeOf?: (job: Job) => number;
  readonly jobsMax: number;
  /** Of a batch together; a job above it on its own runs alone. */
  readonly sizeMax: number;
  /** Jobs that wait. */
  readonly queueMax: number;
  /** Batches at once; default 1. */
  readonly inFlightMax?: number;
  /** Calls `start` once, when the first job of an idle moment has waited enough for company; default: at once. */
  readonly begin?: (start: () => void) => void;
  /** Whether one job may be to blame for a failed run, rather than what all of them need. */
  readonly isPoison: (error: unknown) => boolean;
  readonly hooks?: {
    /** Nothing is under way or about to be, and nobody waits. May be called more than once. */
    onIdle?(): void;
  };
}

export interface Coalescer<Job, Result> {
  readonly waiting: number;
  /** The job's own result.
   * @throws  deadline_exceeded when the deadline passes first; overloaded when the queue is full; what `run` throws */
  submit(job: Job, deadline: Deadline): Promise<Result>;
  /** Nothing under way or about to be, and nobody waiting. */
  idle(): boolean;
}

/** A `begin`: when everything that has arrived at the process has been read. A lone job loses some microseconds by it. */
export const endOfTurn = (start: () => void): void => void setImmediate(start);

const atOnce = (start: () => void): void => start();

interface Entry<Job, Result> {
  readonly job: Job;
  readonly size: number;
  readonly deadline: Deadline;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

export const createCoalescer = <Job, Result>(options: CoalescerOptions<Job, Result>): Coalescer<Job, Result> => {
  const { sizeOf = () => 1, inFlightMax = 1, begin = atOnce } = options;
  const queue = createFifo<Entry<Job, Result>>();
  let inFlight = 0;
  /** `begin` was called and has not called back. */
  let beginning = false;

  const nextBatch = (): Batch<Job, Result> => {
    const batch: Entry<Job, Result>[] = [];
    let size = 0;
    for (let entry = queue.first(); entry && batch.length < options.jobsMax; entry = queue.first()) {
      const fits = batch.length === 0 || size + entry.size <= options.sizeMax;
      if (!fits) break;
      queue.shift();
      if (!inTime(entry)) continue;
      batch.push(entry);
      size += entry.size;
    }
    return batch;
  };

  /** Settles every entry of the batch, then frees its place: in one go with the last of them, before anyone can react. */
  const runBatch = async (batch: Batch<Job, Result>): Promise<void> => {
    const parts = [batch];
    for (let part = parts.shift(); part; part = parts.shift()) {
      const entries = part.filter(inTime);
      if (entries.length === 0) continue;
      const outcome = await runOnce(entries, options);
      if (outcome.ok) deliver(entries, outcome.results);
      else if (entries.length > 1 && options.isPoison(outcome.error)) parts.unshift(...halves(entries));
      else for (const entry of entries) entry.reject(outcome.error);
    }
    inFlight -= 1;
    startBatches();
  };

  const startBatches = (): void => {
    while (inFlight < inFlightMax && queue.size > 0) {
      const batch = nextBatch();
      if (batch.length === 0) continue;
      inFlight += 1;
      void runBatch(batch);
    }
    if (isIdle()) options.hooks?.onIdle?.();
  };

  const start = (): void => {
    beginning = false;
    startBatches();
  };

  const isIdle = (): boolean => inFlight === 0 && queue.size === 0 && !beginning;

  /** What runs that are about to begin will take does not count as waiting. */
  const isFull = (): boolean => queue.size >= options.queueMax + (inFlightMax - inFlight) * options.jobsMax;

  return {
    get waiting() {
      return queue.size;
    },
    idle: isIdle,
    submit: (job, deadline) => {
      if (isFull()) {
        const retryAfterMs = slotLimits.retryAfterMsMin;
        return Promise.reject(new AppError('overloaded', { message: 'coalescer: queue full', retryAfterMs }));
      }
      return new Promise((resolve, reject) => {
        const leaveQueue = queue.push({
          job,
          size: sizeOf(job),
          deadline,
          resolve: (result) => {
            stopWatching();
            resolve(result);
          },
          reject: (error) => {
            stopWatching();
            reject(error);
          },
        });
        const stopWatching = deadline.onExpire((error) => {
          leaveQueue();
          reject(error);
        });
        if (beginning || inFlight >= inFlightMax) return;
        beginning = true;
        begin(start);
      });
    },
  };
};

type Batch<Job, Result> = readonly Entry<Job, Result>[];

/** Asked before each run; an entry whose time has passed is told so, in case its own timer is late. */
const inTime = <Job, Result>(entry: Entry<Job, Result>): boolean => {
  if (!entry.deadline.expired()) return true;
  entry.reject(new AppError('deadline_exceeded'));
  return false;
};

const halves = <Job, Result>(batch: Batch<Job, Result>): readonly Batch<Job, Result>[] => {
  const middle = batch.length >> 1;
  return [batch.slice(0, middle), batch.slice(middle)];
};

type Outcome<Result> =
  | { readonly ok: true; readonly results: readonly Result[] }
  | { readonly ok: false; readonly error: unknown };

const runOnce = async <Job, Result>(
  batch: Batch<Job, Result>,
  { run }: CoalescerOptions<Job, Result>,
): Promise<Outcome<Result>> => {
  try {
    return { ok: true, results: await run(batch.map((entry) => entry.job)) };
  } catch (error) {
    return { ok: false, error };
  }
};

/** A wrong number of results is a bug in `run`: nobody can tell which is whose, so nobody gets one. */
const deliver = <Job, Result>(batch: Batch<Job, Result>, results: readonly Result[]): void => {
  if (results.length !== batch.length) {
    const message = `coalescer: ${results.length} results for ${batch.length} jobs`;
    for (const entry of batch) entry.reject(new AppError('internal', { message }));
    return;
  }
  for (const [index, result] of results.entries()) batch[index]?.resolve(result);
};
