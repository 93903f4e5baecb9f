/**
 * Coalescers by key: jobs with the same key share runs, jobs with different keys never do. One is there for as long as it has
 * something to do, so that nothing here grows with the keys there have ever been.
 */
import type { Clock } from '../process/clock.ts';
import { type Batching, Coalescer, type Runs } from './coalescer.ts';
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
  readonly #clock: Clock;
  readonly #runs: KeyedRuns<Context, Job, Result>;
  readonly #byKey = new Map<string, Keyed<Context, Job, Result>>();

  constructor(clock: Clock, runs: KeyedRuns<Context, Job, Result>) {
    this.#clock = clock;
    this.#runs = runs;
  }

  /** Keys with something under way. */
  get size(): number {
    return this.#byKey.size;
  }

  /** Whether more keys than `max` move: their first job came, or a run of theirs began, within the last `ms`. What only waits, or runs for
   * longer, keeps nobody else busy. */
  areMoving(max: number, ms: number): boolean {
    if (this.#byKey.size <= max) return false;
    const since = this.#clock.now() - ms;
    let moving = 0;
    for (const { movedAt } of this.#byKey.values()) {
      if (movedAt > since) moving += 1;
      if (moving > max) return true;
    }
    return false;
  }

  /** As `Coalescer.submit`. */
  submit(key: string, { context, job, deadline }: Work<Context, Job>): Promise<Result> {
    const keyed = this.#byKey.get(key) ?? this.#open(key, context);
    return keyed.coalescer.submit(job, deadline);
  }

  #open(key: string, context: Context): Keyed<Context, Job, Result> {
    const onIdle = () => void this.#byKey.delete(key);
    const keyed = new Keyed(this.#runs, { context, clock: this.#clock, onIdle });
    this.#byKey.set(key, keyed);
    return keyed;
  }
}

interface Own<Context> {
  readonly context: Context;
  readonly clock: Clock;
  onIdle(): void;
}

class Keyed<Context, Job, Result> implements Runs<Job, Result> {
  readonly coalescer: Coalescer<Job, Result>;
  movedAt: number;
  readonly #runs: KeyedRuns<Context, Job, Result>;
  readonly #own: Own<Context>;

  constructor(runs: KeyedRuns<Context, Job, Result>, own: Own<Context>) {
    this.#runs = runs;
    this.#own = own;
    this.movedAt = own.clock.now();
    this.coalescer = new Coalescer(runs, this);
  }

  run(jobs: readonly Job[]): Promise<readonly Result[]> {
    this.movedAt = this.#own.clock.now();
    return this.#runs.run(this.#own.context, jobs);
  }

  onIdle(): void {
    this.#own.onIdle();
  }
}
