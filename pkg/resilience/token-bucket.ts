/** A rate limit: `ratePerSecond` on average, up to `burst` at once. Starts full; refilled when asked, without timers. */
import type { Clock } from '../process/clock.ts';

export interface TokenBucketOptions {
  readonly ratePerSecond: number;
  /** At least 1. */
  readonly burst: number;
}

export interface TokenBucket {
  /** Takes a token if there is one.
   * @returns 0 = taken, else whole milliseconds until there will be one */
  take(): number;
  /** Keeps what is in the bucket, up to the new burst. */
  configure(options: TokenBucketOptions): void;
}

/** Sums of fractions come out a trifle short; a caller that waited as long as it was told must not be refused for it. */
const roundingError = 1e-6;

export const createTokenBucket = (clock: Clock, options: TokenBucketOptions): TokenBucket => new Bucket(clock, options);

class Bucket implements TokenBucket {
  readonly #clock: Clock;
  #ratePerSecond: number;
  #burst: number;
  #tokens: number;
  #refilledAt: number;

  constructor(clock: Clock, { ratePerSecond, burst }: TokenBucketOptions) {
    this.#clock = clock;
    this.#ratePerSecond = ratePerSecond;
    this.#burst = burst;
    this.#tokens = burst;
    this.#refilledAt = clock.now();
  }

  take(): number {
    this.#refill();
    if (this.#tokens < 1 - roundingError) return Math.ceil(((1 - this.#tokens) / this.#ratePerSecond) * 1_000);
    this.#tokens -= 1;
    return 0;
  }

  configure({ ratePerSecond, burst }: TokenBucketOptions): void {
    this.#refill();
    this.#ratePerSecond = ratePerSecond;
    this.#burst = burst;
    this.#tokens = Math.min(burst, this.#tokens);
  }

  #refill(): void {
    const now = this.#clock.now();
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#refilledAt) / 1_000) * this.#ratePerSecond);
    this.#refilledAt = now;
  }
}
