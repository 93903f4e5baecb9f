/**
 * A value that is expensive to find: found once, kept for a while, found again then, and the old one goes on for a longer
 * while when that fails. It holds one value.
 */
import type { Clock } from '../process/clock.ts';
import { cxoneLimits } from '../process/limits.ts';
import type { Deadline } from '../resilience/deadline.ts';

type Find<T> = (deadline: Deadline, key: string) => Promise<T>;

/** @returns the same, remembered for the last `key` it was asked for */
export const createRemembered = <T>(clock: Clock, find: Find<T>): Find<T> => {
  let kept: { readonly key: string; readonly value: T; readonly foundAt: number } | undefined;

  const ageMs = (key: string): number => (kept?.key === key ? clock.now() - kept.foundAt : Number.POSITIVE_INFINITY);

  return async (deadline, key) => {
    const before = kept;
    if (before && ageMs(key) < cxoneLimits.discoveryMs) return before.value;
    try {
      const value = await find(deadline, key);
      kept = { key, value, foundAt: clock.now() };
      return value;
    } catch (error) {
      if (before && ageMs(key) < cxoneLimits.discoveryStaleMs) return before.value;
      throw error;
    }
  };
};
