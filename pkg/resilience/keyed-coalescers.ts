/**
 * Coalescers by key: jobs with the same key share runs, jobs with different keys never do. One is there for as long as it has
 * something to do, so that nothing here grows with the keys there have ever been.
 */
import type { Clock } from '../process/clock.ts';
import { type Coalescer, type CoalescerOptions, createCoalescer } from './coalescer.ts';
import type { Deadline } from './deadline.ts';

export interface KeyedCoalescers<Job, Result> {
  /** As `Coalescer.submit`.
   * @param open  how runs of this key are made; called when nothing with this key is under way */
  submit(
    key: string,
    open: () => Omit<CoalescerOptions<Job, Result>, 'hooks'>,
    work: { readonly job: Job; readonly deadline: Deadline },
  ): Promise<Result>;
  /** Keys with something under way. */
  readonly size: number;
  /** Whether of more keys than `max` something has come, when there was nothing, or begun within the last `ms`, and is under way or
   * followed by more: what only waits, or runs for long, is not what keeps anybody busy. */
  areMoving(max: number, ms: number): boolean;
}

interface Held<Job, Result> {
  readonly coalescer: Coalescer<Job, Result>;
  movedAt: number;
}

export const createKeyedCoalescers = <Job, Result>(clock: Clock): KeyedCoalescers<Job, Result> => {
  const heldByKey = new Map<string, Held<Job, Result>>();

  const hold = (key: string, options: Omit<CoalescerOptions<Job, Result>, 'hooks'>): Held<Job, Result> => {
    const run: typeof options.run = (jobs) => {
      held.movedAt = clock.now();
      return options.run(jobs);
    };
    const onIdle = () => void heldByKey.delete(key);
    const held = { coalescer: createCoalescer({ ...options, run, hooks: { onIdle } }), movedAt: clock.now() };
    heldByKey.set(key, held);
    return held;
  };

  return {
    get size() {
      return heldByKey.size;
    },
    areMoving: (max, ms) => {
      if (heldByKey.size <= max) return false;
      const since = clock.now() - ms;
      let moving = 0;
      for (const { movedAt } of heldByKey.values()) {
        if (movedAt > since) moving += 1;
        if (moving > max) return true;
      }
      return false;
    },
    submit: (key, open, { job, deadline }) => {
      const held = heldByKey.get(key) ?? hold(key, open());
      return held.coalescer.submit(job, deadline);
    },
  };
};
