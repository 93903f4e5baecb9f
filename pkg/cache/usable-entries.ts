/**
 * What may be believed of Redis' answer.
 *
 * Its entries bear the time of another pod's clock, so that a floor reaches further than itself by the skew allowed. Once
 * in this process an entry is as old as its arrival at most: later floors, of this process's own clock, are then exact. One whose time is further
 * ahead was read by a clock that was wrong, and would outlive its time.
 */
import { cacheLimits } from '../process/limits.ts';
import type { CacheEntry } from './entry.ts';

interface Moment {
  /** Wall milliseconds; what was read before is void. */
  readonly floor: number;
  /** When Redis was asked, by this process's stamps. */
  readonly askedAt: number;
  /** Wall milliseconds. */
  readonly now: number;
}

export const usableEntries = (
  entries: ReadonlyMap<string, CacheEntry>,
  { floor, askedAt, now }: Moment,
): ReadonlyMap<string, CacheEntry> => {
  const usable = new Map<string, CacheEntry>();
  for (const [key, entry] of entries) {
    const { text, life } = entry;
    const isVoid = life.readAt <= floor + cacheLimits.clockSkewMs || life.staleUntil <= now;
    if (isVoid || life.readAt > now + cacheLimits.clockSkewMs) continue;
    usable.set(key, life.readAt < askedAt ? entry : { text, life: { ...life, readAt: askedAt } });
  }
  return usable;
};
