/**
 * A Clock that stands still until a test moves it. Passes the same contract suite as the system clock.
 */
import type { Clock } from './clock.ts';

export interface ManualClock extends Clock {
  /** Moves time on by `ms`, firing what falls due in order; lets promise callbacks run between two timers. */
  advance(ms: number): Promise<void>;
  /** How many timers are waiting: a test's proof that nothing leaked. */
  pending(): number;
}

interface Timer {
  readonly at: number;
  readonly fn: () => void;
}

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

export const createManualClock = (wallStart = Date.UTC(2026, 0, 1)): ManualClock => {
  const timers = new Set<Timer>();
  let now = 0;

  const nextDue = (until: number): Timer | undefined => {
    let next: Timer | undefined;
    for (const timer of timers) {
      if (timer.at <= until && (next === undefined || timer.at < next.at)) next = timer;
    }
    return next;
  };

  return {
    now: () => now,
    wall: () => wallStart + now,
    after: (ms, fn) => {
      const timer = { at: now + Math.max(0, ms), fn };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    advance: async (ms) => {
      const until = now + ms;
      await settle();
      for (let timer = nextDue(until); timer; timer = nextDue(until)) {
        timers.delete(timer);
        now = timer.at;
        timer.fn();
        await settle();
      }
      now = until;
      await settle();
    },
    pending: () => timers.size,
  };
};
