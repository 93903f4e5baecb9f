/**
 * At most so many pieces of work at once, the rest in the order they came. Unlike slots.ts it refuses nobody: who waits is bounded by who asks.
 */
import { Fifo } from '../resilience/fifo.ts';

export type ConcurrencyLimit = <T>(work: () => Promise<T>) => Promise<T>;

/** @returns what runs work, once there is a place for it */
export const createConcurrencyLimit = (places: number): ConcurrencyLimit => {
  const waiting = new Fifo<() => void>();
  let free = places;

  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
};
