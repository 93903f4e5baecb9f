/**
 * Coalescers by key: jobs with the same key share runs, jobs with different keys never do. One is there for as long as it has
 * something to do, so that nothing here grows with the keys there have ever been.
 */
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
}

export const createKeyedCoalescers = <Job, Result>(): KeyedCoalescers<Job, Result> => {
  const coalescers = new Map<string, Coalescer<Job, Result>>();
  return {
    get size() {
      return coalescers.size;
    },
    submit: (key, open, { job, deadline }) => {
      let coalescer = coalescers.get(key);
      if (coalescer === undefined) {
        const onIdle = () => void coalescers.delete(key);
        coalescer = createCoalescer({ ...open(), hooks: { onIdle } });
        coalescers.set(key, coalescer);
      }
      return coalescer.submit(job, deadline);
    },
  };
};
