/**
 * Lookups that read alone, as they would hold up whoever shares a statement with them: those that are slow by themselves, or are refused, for a while;
 * and those of which that is not known yet, until a statement of their own is quick.
 */
import type { Clock } from '../process/clock.ts';
import { sharedReadLimits } from '../process/limits.ts';
import { createTimedSet } from '../resilience/timed-set.ts';
import type { ReadPace } from './read-pace.ts';

export interface SlowLookups {
  has(scope: string): boolean;
  /** It was in a shared statement that PostgreSQL refused or ended. */
  suspect(scope: string): void;
  /** A statement of its own, which began then, has ended now: with its rows, by its time-out, or refused.
   * @param pace  of its text */
  noteAlone(scope: string, pace: ReadPace, began: number, end: 'read' | 'refused'): void;
}

export const createSlowLookups = (clock: Clock): SlowLookups => {
  const { rememberedMax, aloneAfterSlowMs } = sharedReadLimits;
  const slow = createTimedSet(clock, rememberedMax);
  const onTrial = createTimedSet(clock, rememberedMax);
  /** Slow when all may have been; and who was quick since. Slow once more, it is so by itself. */
  const slowOnce = createTimedSet(clock, rememberedMax);
  const quickSince = createTimedSet(clock, rememberedMax);

  const noteSlow = (scope: string, isByItself: boolean): void => {
    for (const set of isByItself ? [slow] : [onTrial, slowOnce]) set.add(scope, aloneAfterSlowMs);
  };

  return {
    has: (scope) => slow.has(scope) || onTrial.has(scope),
    suspect: (scope) => onTrial.add(scope, aloneAfterSlowMs),
    noteAlone: (scope, pace, began, end) => {
      const now = clock.now();
      if (end === 'refused') {
        noteSlow(scope, true);
      } else if (pace.isSlow(now - began)) {
        noteSlow(scope, pace.wasSlowBesideQuick(began, now) || quickSince.has(scope));
      } else {
        onTrial.delete(scope);
        if (slowOnce.has(scope)) quickSince.add(scope, aloneAfterSlowMs);
        pace.noteQuick(began, now);
      }
      if (end === 'read') pace.noteAlone(now - began);
    },
  };
};
