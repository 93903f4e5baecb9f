/**
 * Work in turns: at most so many at once, the rest in the order they came.
 */
import { Fifo } from '../resilience/fifo.ts';

export type TakeTurn = <T>(work: () => Promise<T>) => Promise<T>;

/** @param turns  at once; who waits is bounded by who asks */
export const createTurns = (turns: number): TakeTurn => {
  const waiting = new Fifo<() => void>();
  let free = turns;

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
