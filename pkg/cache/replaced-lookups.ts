/**
 * Which lookups a change of configuration moved to another revision. Invalidations remove exact keys under the current
 * revision only, so what was cached under the old one must not come back should that revision do.
 */
import type { CachedLookup } from './two-tier.ts';

/** @returns names of actions that had one group before and now have another one or none */
export const replacedLookups = (before: readonly CachedLookup[], after: readonly CachedLookup[]): readonly string[] => {
  const prefixes = new Map(after.map(({ action, group }) => [action, group?.prefix]));
  return before.flatMap(({ action, group }) =>
    group !== undefined && prefixes.get(action) !== group.prefix ? [action] : [],
  );
};
