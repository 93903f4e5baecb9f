/**
 * What a counter has counted since somebody last looked: adding to a series here costs a fifth of what it costs in prom-client,
 * which sorts and joins the labels each time.
 */
import type { Counter } from 'prom-client';

type Labels = Readonly<Record<string, string>>;

export interface CounterTally {
  /** @param labels  one value for each label of the counter; kept until the flush: nobody may change it meanwhile */
  add(labels: Labels, by: number): void;
  /** Puts the sums into the counter. To be called before anybody reads or resets it, or removes series of it. */
  flush(): void;
}

/** By the value of one label after the other: making one text of all of them costs more than the looks. */
interface Branch {
  /** Made when there is something below: the last label has nothing. */
  below: Map<string, Branch> | undefined;
  series: { readonly labels: Labels; sum: number } | undefined;
}

const createBranch = (): Branch => ({ below: undefined, series: undefined });

const branchBelow = (branch: Branch, value: string): Branch => {
  branch.below ??= new Map();
  const known = branch.below.get(value);
  if (known) return known;
  const made = createBranch();
  branch.below.set(value, made);
  return made;
};

const flushInto = (counter: Counter, { series, below }: Branch): void => {
  if (series) counter.inc(series.labels, series.sum);
  for (const branch of below?.values() ?? []) flushInto(counter, branch);
};

/** @param labelNames  all of the counter's; that with the most values best last, which is then in one Map */
export const createTally = (counter: Counter, labelNames: readonly string[]): CounterTally => {
  let root = createBranch();
  return {
    add: (labels, by) => {
      let branch = root;
      for (const name of labelNames) branch = branchBelow(branch, labels[name] ?? '');
      if (branch.series) branch.series.sum += by;
      else branch.series = { labels, sum: by };
    },
    flush: () => {
      const counted = root;
      // First: what was put into the counter is never put there again, whatever happens on the way.
      root = createBranch();
      flushInto(counter, counted);
    },
  };
};
