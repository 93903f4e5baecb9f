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

/** In tokens. Times of a process that has run for weeks come out a trifle short; a caller that waited as long as it was told must not be refused
 * for it. Where a step of the clock's is more than that, the wait has been rounded up by more. */
const roundingError = 1e-6;

export const createTokenBucket = (clock: Clock, options: TokenBucketOptions): TokenBucket => new Bucket(clock, options);

/** One time in place of a level and the time it was taken at: what is in the bucket follows from it. */
class Bucket implements TokenBucket {
  readonly #clock: Clock;
  #ratePerSecond: number;
  #burst: number;
  /** When it is full again, or was; by `clock.now`. */
  #fullAt: number;

  constructor(clock: Clock, { ratePerSecond, burst }: TokenBucketOptions) {
    this.#clock = clock;
    this.#ratePerSecond = ratePerSecond;
    this.#burst = burst;
    this.#fullAt = clock.now();
  }

  take(): number {
    const now = this.#clock.now();
    const tokens = this.#tokens(now);
    if (tokens < 1 - roundingError) return Math.ceil(((1 - tokens) / this.#ratePerSecond) * 1_000);
    this.#fullAt = Math.max(now, this.#fullAt) + 1_000 / this.#ratePerSecond;
    return 0;
  }

  configure({ ratePerSecond, burst }: TokenBucketOptions): void {
    const now = this.#clock.now();
    const tokens = this.#tokens(now);
    this.#ratePerSecond = ratePerSecond;
    this.#burst = burst;
    // In the past where there are more than it may hold from now on.
    this.#fullAt = now + ((burst - tokens) * 1_000) / ratePerSecond;
  }

  #tokens(now: number): number {
    return this.#burst - (Math.max(0, this.#fullAt - now) / 1_000) * this.#ratePerSecond;
  }
}
