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
import { Fifo } from './fifo.ts';

/** How jobs become batches: what many coalescers may have in common. */
export interface Batching<Job> {
  /** In the unit of `sizeMax`; default 1. */
  sizeOf?(job: Job): number;
  readonly jobsMax: number;
  /** Of a batch together; a job above it on its own runs alone. */
  readonly sizeMax: number;
  /** Jobs that wait. */
  readonly queueMax: number;
  /** Batches at once; default 1. */
  readonly inFlightMax?: number;
  /** Calls `start` once, when the first job of an idle moment has waited enough for company; default: at once. */
  begin?(start: () => void): void;
  /** Whether one job may be to blame for a failed run, rather than what all of them need. */
  isPoison(error: unknown): boolean;
}

export interface Runs<Job, Result> {
  /** One result for each job, in their order. May be called again with some of the jobs when `isPoison` says so. */
  run(jobs: readonly Job[]): Promise<readonly Result[]>;
  /** Nothing is under way or about to be, and nobody waits. May be called more than once. */
  onIdle?(): void;
}

/** A `begin`: when everything that has arrived at the process has been read. A lone job loses some microseconds by it. */
export const endOfTurn = (start: () => void): void => void setImmediate(start);

/** A class, and not closures: with many tenants there is one for almost each request. */
export class Coalescer<Job, Result> {
  readonly #batching: Batching<Job>;
  readonly #runs: Runs<Job, Result>;
  readonly #inFlightMax: number;
  readonly #queue = new Fifo<Entry<Job, Result>>();
  #inFlight = 0;
  /** `begin` was called and has not called back. */
  #beginning = false;

  constructor(batching: Batching<Job>, runs: Runs<Job, Result>) {
    this.#batching = batching;
    this.#runs = runs;
    this.#inFlightMax = batching.inFlightMax ?? 1;
  }

  get waiting(): number {
    return this.#queue.size;
  }

  /** Nothing under way or about to be, and nobody waiting. */
  idle(): boolean {
    return this.#inFlight === 0 && this.#queue.size === 0 && !this.#beginning;
  }

  /** The job's own result.
   * @throws  deadline_exceeded when the deadline passes first; overloaded when the queue is full; what `run` throws */
  submit(job: Job, deadline: Deadline): Promise<Result> {
    if (this.#isFull()) {
      const retryAfterMs = slotLimits.retryAfterMsMin;
      return Promise.reject(new AppError('overloaded', { message: 'coalescer: queue full', retryAfterMs }));
    }
    const settle = Promise.withResolvers<Result>();
    const entry = new Entry(job, deadline, settle);
    entry.size = this.#batching.sizeOf?.(job) ?? 1;
    const place = this.#queue.push(entry);
    entry.stopWatching = deadline.onExpire((error) => {
      this.#queue.leave(place);
      settle.reject(error);
    });
    if (!this.#beginning && this.#inFlight < this.#inFlightMax) this.#begin();
    return settle.promise;
  }

  /** What runs that are about to begin will take does not count as waiting. */
  #isFull(): boolean {
    const { queueMax, jobsMax } = this.#batching;
    return this.#queue.size >= queueMax + (this.#inFlightMax - this.#inFlight) * jobsMax;
  }

  #begin(): void {
    if (!this.#batching.begin) {
      this.#startBatches();
      return;
    }
    this.#beginning = true;
    this.#batching.begin(() => {
      this.#beginning = false;
      this.#startBatches();
    });
  }

  #startBatches(): void {
    while (this.#inFlight < this.#inFlightMax && this.#queue.size > 0) {
      const batch = this.#nextBatch();
      if (batch.length === 0) continue;
      this.#inFlight += 1;
      void this.#runBatch(batch);
    }
    if (this.idle()) this.#runs.onIdle?.();
  }

  #nextBatch(): Batch<Job, Result> {
    const { jobsMax, sizeMax } = this.#batching;
    const batch: Entry<Job, Result>[] = [];
    let size = 0;
    for (let entry = this.#queue.first(); entry && batch.length < jobsMax; entry = this.#queue.first()) {
      const fits = batch.length === 0 || size + entry.size <= sizeMax;
      if (!fits) break;
      this.#queue.shift();
      if (!inTime(entry)) continue;
      batch.push(entry);
      size += entry.size;
    }
    return batch;
  }

  /** Settles every entry of the batch, then frees its place: in one go with the last of them, before anyone can react. */
  async #runBatch(batch: Batch<Job, Result>): Promise<void> {
    const parts: Batch<Job, Result>[] = [];
    for (let part: Batch<Job, Result> | undefined = batch; part; part = parts.shift()?.filter(inTime)) {
      if (part.length === 0) continue;
      try {
        deliver(part, await this.#runs.run(part.map(({ job }) => job)));
      } catch (error) {
        // Where it was thrown at once, the next batch must not begin on top of this one's stack.
        await Promise.resolve();
        parts.unshift(...this.#partsToRetry(part, error));
      }
    }
    this.#inFlight -= 1;
    this.#startBatches();
  }

  #partsToRetry(failed: Batch<Job, Result>, error: unknown): readonly Batch<Job, Result>[] {
    if (failed.length > 1 && this.#batching.isPoison(error)) return halves(failed);
    for (const entry of failed) entry.reject(error);
    return [];
  }
}

class Entry<Job, Result> {
  readonly job: Job;
  readonly deadline: Deadline;
  size = 1;
  /** Of the deadline. */
  stopWatching: () => void = noop;
  readonly #settle: PromiseWithResolvers<Result>;

  constructor(job: Job, deadline: Deadline, settle: PromiseWithResolvers<Result>) {
    this.job = job;
    this.deadline = deadline;
    this.#settle = settle;
  }

  resolve(result: Result): void {
    this.stopWatching();
    this.#settle.resolve(result);
  }

  reject(error: unknown): void {
    this.stopWatching();
    this.#settle.reject(error);
  }
}

const noop = (): void => undefined;

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

/** A wrong number of results is a bug in `run`: nobody can tell which is whose, so nobody gets one. */
const deliver = <Job, Result>(batch: Batch<Job, Result>, results: readonly Result[]): void => {
  if (results.length !== batch.length) {
    const message = `coalescer: ${results.length} results for ${batch.length} jobs`;
    for (const entry of batch) entry.reject(new AppError('internal', { message }));
    return;
  }
  for (const [index, result] of results.entries()) batch[index]?.resolve(result);
};
