/**
 * Which lookups a change of configuration moved to another revision, or took away. Invalidations remove exact keys under the
 * current revision only, and nothing of an action that is not there: what was cached before must not come back with it.
 */
import type { CachedLookup } from './served-lookups.ts';

/** @returns names of actions that are gone, or have another group now than before: while one keeps many, all of it is voided at a time */
export const replacedLookups = (before: readonly CachedLookup[], after: readonly CachedLookup[]): readonly string[] => {
  const prefixes = new Map(after.map(({ action, group }) => [action, group?.prefix]));
  return before.flatMap(({ action, group }) =>
    prefixes.has(action) && prefixes.get(action) === group?.prefix ? [] : [action],
  );
};
