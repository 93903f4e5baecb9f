/** A rate limit: `ratePerSecond` on average, up to `burst` at once. Starts full; refilled when asked, without timers. */
import type { Clock } from '../process/clock.ts';

export interface TokenBucketOptions {
  readonly ratePerSecond: number;
  /** At least 1. */
  readonly burst: number;
}

interface TokenBucket {
  /** Takes a token if there is one.
   * @returns 0 = taken, else whole milliseconds until there will be one */
  take(): number;
  /** Keeps what is in the bucket, up to the new burst. */
  configure(options: TokenBucketOptions): void;
}

/** Sums of fractions come out a trifle short; a caller that waited as long as it was told must not be refused for it. */
const roundingError = 1e-6;

export const createTokenBucket = (clock: Clock, options: TokenBucketOptions): TokenBucket => {
  let { ratePerSecond, burst } = options;
  let tokens = burst;
  let refilledAt = clock.now();

  const refill = (): void => {
    const now = clock.now();
    tokens = Math.min(burst, tokens + ((now - refilledAt) / 1_000) * ratePerSecond);
    refilledAt = now;
  };

  return {
    take: () => {
      refill();
      if (tokens < 1 - roundingError) return Math.ceil(((1 - tokens) / ratePerSecond) * 1_000);
      tokens -= 1;
      return 0;
    },
    configure: (next) => {
      refill();
      ({ ratePerSecond, burst } = next);
      tokens = Math.min(burst, tokens);
    },
  };
};
