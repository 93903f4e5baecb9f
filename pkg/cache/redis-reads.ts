/**
 * Reads of Redis, those of one turn of the event loop as one: with many tenants each request has a group of its own, and a command for each
 * would be a write to the socket, an answer and a breaker's call for each.
 *
 * It knows who asked for what, and nothing of what may be believed of an answer.
 */
import { cacheLimits } from '../process/limits.ts';
import { type Batching, Coalescer, endOfTurn } from '../resilience/coalescer.ts';
import type { CacheEntry } from './entry.ts';
import type { GroupKeys } from './redis-tier.ts';

type Entries = ReadonlyMap<string, CacheEntry>;

const noEntries: Entries = new Map();

/** @param ask  for what Redis has: one for each of `asked`, in their order; no group comes twice
 * @returns    to be asked by each request: gives what was found of its group, for others' keys too */
export const createRedisReads = (
  ask: (asked: readonly GroupKeys[]) => Promise<readonly Entries[]>,
): Coalescer<GroupKeys, Entries> =>
  new Coalescer(batching, {
    run: async (jobs) => {
      if (jobs.length === 1) return ask(jobs);
      const byGroup = Map.groupBy(jobs, ({ group }) => group.prefix);
      const found = await ask([...byGroup.values()].flatMap(merge));
      const entriesOf = new Map([...byGroup.keys()].map((prefix, place) => [prefix, found[place]]));
      return jobs.map(({ group }) => entriesOf.get(group.prefix) ?? noEntries);
    },
  });

const batching: Batching<GroupKeys> = {
  sizeOf: ({ keys }) => keys.length,
  jobsMax: cacheLimits.readRequestsMax,
  sizeMax: cacheLimits.readKeysMax,
  queueMax: cacheLimits.readQueueMax,
  inFlightMax: cacheLimits.readsInFlightMax,
  isPoison: () => false,
  begin: endOfTurn,
};

/** @param jobs  of one group
 * @returns     one in their place */
const merge = (jobs: readonly GroupKeys[]): readonly GroupKeys[] => {
  const [first] = jobs;
  if (first === undefined || jobs.length === 1) return jobs;
  return [{ group: first.group, keys: [...new Set(jobs.flatMap(({ keys }) => keys))] }];
};
