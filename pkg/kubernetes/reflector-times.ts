/**
 * When a reflector looks again whether it missed anything, and how long it waits after a failure.
 */
import { type Clock, sleep } from '../process/clock.ts';
import { kubernetesLimits } from '../process/limits.ts';
import { createBackoff } from '../resilience/backoff.ts';
import { between, type SafetyDue } from './watch-session.ts';

interface Due extends SafetyDue {
  /** In a tenth of the time, if not sooner. */
  hasten(): void;
}

export const createDue = (clock: Clock, random: () => number): Due => {
  const { safetyRelistMinMs, safetyRelistMaxMs } = kubernetesLimits;
  const next = (share = 1) => clock.now() + between(random, safetyRelistMinMs, safetyRelistMaxMs) * share;
  let at = next();
  return {
    get at() {
      return at;
    },
    postpone: () => {
      at = next();
    },
    hasten: () => {
      at = Math.min(at, next(0.1));
    },
  };
};

/** Waits for the back-off, or for what the server asked for if that is longer. A time without failures resets it. */
export const createWait = (clock: Clock, random: () => number, signal: AbortSignal) => {
  const { watchBackoffMinMs: minMs, watchBackoffMaxMs, watchAwayMaxMs, watchBackoffResetMs } = kubernetesLimits;
  const create = (maxMs: number) => ({
    backoff: createBackoff({ minMs, maxMs, random }),
    lastAt: Number.NEGATIVE_INFINITY,
  });
  const [refused, away] = [create(watchBackoffMaxMs), create(watchAwayMaxMs)];
  /** @param isAway  nobody was there to be spared */
  return async (askedMs: number, isAway: boolean): Promise<void> => {
    const waits = isAway ? away : refused;
    if (clock.now() - waits.lastAt > watchBackoffResetMs) waits.backoff.reset();
    await sleep(clock, Math.max(waits.backoff.nextMs(), askedMs), signal);
    waits.lastAt = clock.now();
  };
};
