/**
 * Coalescers by key: jobs with the same key share runs, jobs with different keys never do. One is there for as long as it has
 * something to do, so that nothing here grows with the keys there have ever been.
 */
import { type Batching, Coalescer } from './coalescer.ts';
import type { Deadline } from './deadline.ts';

export interface KeyedRuns<Context, Job, Result> extends Batching<Job> {
  /** As `Runs.run`.
   * @param context  of the job that came when nothing with this key was under way */
  run(context: Context, jobs: readonly Job[]): Promise<readonly Result[]>;
}

interface Work<Context, Job> {
  readonly context: Context;
  readonly job: Job;
  readonly deadline: Deadline;
}

export class KeyedCoalescers<Context, Job, Result> {
  readonly #runs: KeyedRuns<Context, Job, Result>;
  readonly #byKey = new Map<string, Coalescer<Job, Result>>();

  constructor(runs: KeyedRuns<Context, Job, Result>) {
    this.#runs = runs;
  }

  /** Keys with something under way. */
  get size(): number {
    return this.#byKey.size;
  }

  /** As `Coalescer.submit`. */
  submit(key: string, { context, job, deadline }: Work<Context, Job>): Promise<Result> {
    const coalescer = this.#byKey.get(key) ?? this.#open(key, context);
    return coalescer.submit(job, deadline);
  }

  #open(key: string, context: Context): Coalescer<Job, Result> {
    const coalescer = new Coalescer<Job, Result>(this.#runs, {
      run: (jobs) => this.#runs.run(context, jobs),
      onIdle: () => void this.#byKey.delete(key),
    });
    this.#byKey.set(key, coalescer);
    return coalescer;
  }
}
