/**
 * A wait for PostgreSQL that ends. What has come by its end is read first: where this process was busy itself, its timers fire before it has
 * looked at what it was sent.
 */
import type { Clock } from '../process/clock.ts';
import { SilentConnectionError } from './pg-error.ts';

export type Bounded = <T>(work: Promise<T>, ms: number) => Promise<T>;

/** @returns fails with SilentConnectionError when `work` takes longer than `ms`; whatever it does later is ignored */
export const createBounded =
  (clock: Clock): Bounded =>
  async (work, ms) => {
    const { promise, reject } = Promise.withResolvers<never>();
    const since = clock.now();
    const cancel = clock.after(ms, () => setImmediate(() => reject(new SilentConnectionError(since, ms))));
    try {
      return await Promise.race([work, promise]);
    } finally {
      cancel();
    }
  };
