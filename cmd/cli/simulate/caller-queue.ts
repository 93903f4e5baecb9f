/**
 * The places a business unit has for calls at once, and the queue in front of them on the caller's side.
 *
 * A call that finds no place waits for one in order; one that finds the queue full is not made.
 */
import { Fifo } from '../../../pkg/resilience/fifo.ts';

interface CallerQueueOptions {
  readonly queueMax: number;
  readonly hooks?: { onQueued?(waiting: number): void };
}

export interface CallerQueue {
  /** Places from now on; fewer than are taken means that nobody starts until there are. */
  setPlaces(places: number): void;
  /** @returns what `work` settles to, `full` when it was not begun, `cleared` when it never will be */
  run<T>(work: () => Promise<T>): Promise<T | 'full' | 'cleared'>;
  readonly inFlight: number;
  readonly waiting: number;
  /** Resolves when nobody is in a place or waits for one. */
  idle(): Promise<void>;
  /** Lets go of all that wait. */
  clear(): void;
}

export const createCallerQueue = ({ queueMax, hooks = {} }: CallerQueueOptions): CallerQueue => {
  const waiting = new Fifo<(mayBegin: boolean) => void>();
  let idlers: (() => void)[] = [];
  let places = 0;
  let inFlight = 0;

  const settle = (): void => {
    while (inFlight < places && waiting.size > 0) {
      inFlight += 1;
      waiting.shift()?.(true);
    }
    if (inFlight > 0 || waiting.size > 0) return;
    const told = idlers;
    idlers = [];
    for (const tell of told) tell();
  };

  /** A place is taken before anything is awaited. @returns whether there is one */
  const enter = async (): Promise<true | 'full' | 'cleared'> => {
    if (inFlight < places && waiting.size === 0) {
      inFlight += 1;
      return true;
    }
    if (waiting.size >= queueMax) return 'full';
    const mayBegin = new Promise<boolean>((resolve) => void waiting.push(resolve));
    hooks.onQueued?.(waiting.size);
    return (await mayBegin) || 'cleared';
  };

  return {
    setPlaces: (wanted) => {
      places = wanted;
      settle();
    },
    run: async (work) => {
      const entered = await enter();
      if (entered !== true) return entered;
      try {
        return await work();
      } finally {
        inFlight -= 1;
        settle();
      }
    },
    get inFlight() {
      return inFlight;
    },
    get waiting() {
      return waiting.size;
    },
    idle: () =>
      new Promise((resolve) => {
        idlers.push(resolve);
        settle();
      }),
    clear: () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) next(false);
      settle();
    },
  };
};
