/**
 * The lookups that the configuration has, as invalidations find them. What was cached of any other is found by its scope alone.
 */
import type { CacheGroup } from './group.ts';

/** A lookup action as invalidations need to know it. */
export interface CachedLookup {
  readonly action: string;
  /** Its one group; undefined when it has other parameters and therefore many groups. */
  readonly group: CacheGroup | undefined;
}

/** @param lookupsOf  the live lookups of a tenant */
export const createServedLookups = (lookupsOf: (tenantId: string) => readonly CachedLookup[]) => ({
  has: ({ tenantId, action }: CacheGroup): boolean => lookupsOf(tenantId).some((lookup) => lookup.action === action),
  /** @param action  left out: all of them. One that is not served may have been. */
  changed: (tenantId: string, action: string | undefined): readonly CachedLookup[] => {
    const lookups = lookupsOf(tenantId);
    if (action === undefined) return lookups;
    return [lookups.find((lookup) => lookup.action === action) ?? { action, group: undefined }];
  },
});
