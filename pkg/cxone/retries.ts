/**
 * Repeats what may be repeated: as often as it is bounded, after what the host asked for or a growing, jittered wait, and
 * never into a wait that the deadline would not survive.
 */
import { type Clock, sleep } from '../process/clock.ts';
import { cxoneLimits } from '../process/limits.ts';
import { createBackoff } from '../resilience/backoff.ts';
import type { Deadline } from '../resilience/deadline.ts';
import { ExchangeError, isBroken, isTooMany, toAppError } from './exchange-error.ts';

interface RetryOptions {
  /** `token` or `api`, for the log. */
  readonly what: string;
  readonly clock: Clock;
  /** 0 <= x < 1 */
  readonly random: () => number;
  readonly deadline: Deadline;
}

/** What may be better in a moment. */
const mayPass = (error: ExchangeError): boolean => isTooMany(error) || isBroken(error);

/** What `attempt` settles to. An attempt that must not be made twice throws something else than an ExchangeError.
 * @throws AppError in place of the last ExchangeError, with the wait that did not fit; anything else as it is */
export const withRetries = async <T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> => {
  const { what, clock, random, deadline } = options;
  const backoff = createBackoff({ minMs: cxoneLimits.retryMinMs, maxMs: cxoneLimits.retryMaxMs, random });
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof ExchangeError) || !mayPass(error)) throw toAppError(error, what);
      const waitMs = error.retryAfterMs ?? backoff.nextMs();
      const fits = waitMs < deadline.remainingMs();
      if (tries >= cxoneLimits.triesMax || !fits) throw toAppError(error, what, waitMs);
      await sleep(clock, waitMs);
    }
  }
};
