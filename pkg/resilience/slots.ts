/**
 * A bounded queue in front of a fixed number of slots (the connections of a pool), first come, first served.
 *
 * Who could not be served in time is refused at once, so that a caller can go elsewhere while that is still of use.
 * A slot is held until the work has really ended: the deadline ends waiting for a slot, never the work in it.
 * Invariant: someone waits only while every slot is in use.
 */
import { AppError } from '../errors/app-error.ts';
import type { Clock } from '../process/clock.ts';
import { slotLimits } from '../process/limits.ts';
import type { Deadline } from './deadline.ts';
import { Fifo } from './fifo.ts';

interface SlotsOptions {
  readonly clock: Clock;
  readonly slots: number;
  /** Waiters at once; 0 means that nobody ever waits. */
  readonly queueMax: number;
}

export interface Slots {
  readonly inUse: number;
  readonly waiting: number;
  /** What `work` settles to, once a slot was free for it.
   * @throws  overloaded at once: the queue is full, or its estimated wait longer than the deadline allows;
   *          deadline_exceeded while waiting */
  use<T>(deadline: Deadline, work: () => Promise<T>): Promise<T>;
  /** The same without waiting: undefined, and no work, when no slot is free. */
  tryUse<T>(work: () => Promise<T>): Promise<T> | undefined;
  /** Rejects all who wait and all who come later; work under way goes on. The first call's error counts. */
  close(error: Error): void;
}

interface Waiter {
  readonly deadline: Deadline;
  readonly start: () => void;
  readonly reject: (error: Error) => void;
}

export const createSlots = ({ clock, slots, queueMax }: SlotsOptions): Slots => {
  const queue = new Fifo<Waiter>();
  let inUse = 0;
  /** Moving average. From zero, so that nobody is refused on a guess. */
  let holdMs = 0;
  let closedBy: Error | undefined;

  /** For the one who comes next: those before it, and itself, each take the recent time of a hold. */
  const estimatedWaitMs = (): number => (holdMs * (queue.size + 1)) / slots;

  const shed = (reason: 'queue_full' | 'wait_too_long'): AppError => {
    const retryAfterMs = Math.max(slotLimits.retryAfterMsMin, Math.ceil(estimatedWaitMs()));
    return new AppError('overloaded', { message: `no slot: ${reason}`, retryAfterMs });
  };

  /** Why nobody may join the queue now, if so. */
  const refusal = (deadline: Deadline): Error | undefined => {
    if (queue.size >= queueMax) return shed('queue_full');
    return estimatedWaitMs() > deadline.remainingMs() ? shed('wait_too_long') : undefined;
  };

  /** Needs a slot counted in `inUse`, and passes it on or gives it back. */
  const hold = async <T>(work: () => Promise<T>): Promise<T> => {
    const startedAt = clock.now();
    try {
      // Async, so that work that throws at once does not start the next waiter on top of this one's stack.
      return await (async () => work())();
    } finally {
      holdMs += slotLimits.holdWeight * (clock.now() - startedAt - holdMs);
      release();
    }
  };

  const release = (): void => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      if (!next.deadline.expired()) {
        next.start();
        return;
      }
      next.reject(new AppError('deadline_exceeded'));
    }
    inUse -= 1;
  };

  const take = <T>(work: () => Promise<T>): Promise<T> => {
    inUse += 1;
    return hold(work);
  };

  const wait = <T>(deadline: Deadline, work: () => Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      const start = () => {
        stopWatching();
        resolve(hold(work));
      };
      const place = queue.push({ deadline, start, reject });
      const stopWatching = deadline.onExpire((error) => {
        queue.leave(place);
        reject(error);
      });
    });

  return {
    get inUse() {
      return inUse;
    },
    get waiting() {
      return queue.size;
    },
    use: (deadline, work) => {
      if (closedBy) return Promise.reject(closedBy);
      if (deadline.expired()) return Promise.reject(new AppError('deadline_exceeded'));
      if (inUse < slots) return take(work);
      const refused = refusal(deadline);
      return refused ? Promise.reject(refused) : wait(deadline, work);
    },
    tryUse: (work) => {
      if (closedBy) return Promise.reject(closedBy);
      return inUse < slots ? take(work) : undefined;
    },
    close: (error) => {
      closedBy ??= error;
      for (let waiter = queue.shift(); waiter; waiter = queue.shift()) waiter.reject(closedBy);
    },
  };
};
