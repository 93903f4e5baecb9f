/**
 * The wall clock, and the word that it was set back: by it alone, what was cached before would outlive its time.
 *
 * Told from the clock that only goes forward, which is adjusted along with it but never set.
 */
import type { Clock } from '../process/clock.ts';
import { cacheLimits } from '../process/limits.ts';

/** Stamps only rise, so that they are ahead of a clock that was set back. @returns what the clock would say */
export const wallOf = (stamp: number, now: number): number => (stamp > now + cacheLimits.clockSkewMs ? now : stamp);

/** @returns wall milliseconds, once `onSetBack` has been called where it was set back by more than clocks may differ */
export const createWallWatch = (clock: Clock, onSetBack: () => void): (() => number) => {
  /** Of the other clock: the most since it was set back. */
  let aheadMs = Number.NEGATIVE_INFINITY;
  return () => {
    const wall = clock.wall();
    const ahead = wall - clock.now();
    const wasSetBack = ahead < aheadMs - cacheLimits.clockSkewMs;
    if (ahead > aheadMs || wasSetBack) aheadMs = ahead;
    if (wasSetBack) onSetBack();
    return wall;
  };
};
