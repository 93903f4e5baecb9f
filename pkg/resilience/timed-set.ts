/**
 * Names, each in it for a while. It holds so many at most: with one more, the one that was added longest ago is taken out.
 */
import type { Clock } from '../process/clock.ts';

export interface TimedSet {
  /** From now on for `ms` milliseconds, whatever was said of it before. */
  add(name: string, ms: number): void;
  has(name: string): boolean;
  delete(name: string): void;
  /** Whether one more takes out none whose time has not passed. */
  hasRoom(): boolean;
  /** Those whose time has passed among them. */
  size(): number;
}

export const createTimedSet = (clock: Clock, max: number): TimedSet => {
  const until = new Map<string, number>();
  return {
    add: (name, ms) => {
      until.delete(name);
      const [oldest] = until.size >= max ? until.keys() : [];
      if (oldest !== undefined) until.delete(oldest);
      until.set(name, clock.now() + ms);
    },
    has: (name) => {
      const end = until.get(name);
      if (end === undefined) return false;
      if (clock.now() < end) return true;
      until.delete(name);
      return false;
    },
    delete: (name) => void until.delete(name),
    hasRoom: () => {
      const [oldest = 0] = until.size >= max ? until.values() : [];
      return oldest <= clock.now();
    },
    size: () => until.size,
  };
};
