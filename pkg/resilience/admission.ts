/**
 * A tenant's own limits on one pod: how many requests at once, and how many per second.
 *
 * Concurrency comes first, so that a request refused there costs no token of the rate.
 */
import { AppError } from '../errors/app-error.ts';
import type { Clock } from '../process/clock.ts';
import { refusalLimits } from '../process/limits.ts';
import { createTokenBucket, type TokenBucket, type TokenBucketOptions } from './token-bucket.ts';

interface AdmissionLimits {
  readonly requestsPerSecond: number;
  readonly burst: number;
  readonly concurrency: number;
}

export interface Admission {
  /** Returning means that `leave` has to follow, once; throwing means that it must not.
   * @throws  too_many_concurrent | rate_limited, with retryAfterMs */
  enter(): void;
  leave(): void;
  /** Keeps who is inside and what is left of the rate. */
  configure(limits: AdmissionLimits): void;
}

export const createAdmission = (clock: Clock, limits: AdmissionLimits): Admission => new TenantAdmission(clock, limits);

/** A class, as the bucket is, and not closures: of thousands of tenants each request meets another one, and the processor has to fetch a third as
 * many objects. */
class TenantAdmission implements Admission {
  readonly #bucket: TokenBucket;
  #concurrency: number;
  #inside = 0;

  constructor(clock: Clock, limits: AdmissionLimits) {
    this.#bucket = createTokenBucket(clock, rateOf(limits));
    this.#concurrency = limits.concurrency;
  }

  enter(): void {
    if (this.#inside >= this.#concurrency) {
      throw new AppError('too_many_concurrent', { retryAfterMs: refusalLimits.retryAfterMs });
    }
    const retryAfterMs = this.#bucket.take();
    if (retryAfterMs > 0) throw new AppError('rate_limited', { retryAfterMs });
    this.#inside += 1;
  }

  leave(): void {
    if (this.#inside === 0) throw new Error('admission: leave without enter');
    this.#inside -= 1;
  }

  configure(limits: AdmissionLimits): void {
    this.#concurrency = limits.concurrency;
    this.#bucket.configure(rateOf(limits));
  }
}

const rateOf = ({ requestsPerSecond, burst }: AdmissionLimits): TokenBucketOptions => ({
  ratePerSecond: requestsPerSecond,
  burst,
});
