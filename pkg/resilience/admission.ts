/**
 * A tenant's own limits on one pod: how many requests at once, and how many per second.
 *
 * Concurrency comes first, so that a request refused there costs no token of the rate.
 */
import { AppError } from '../errors/app-error.ts';
import type { Clock } from '../process/clock.ts';
import { admissionLimits } from '../process/limits.ts';
import { createBulkhead } from './bulkhead.ts';
import { createTokenBucket, type TokenBucketOptions } from './token-bucket.ts';

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

export const createAdmission = (clock: Clock, limits: AdmissionLimits): Admission => {
  const bulkhead = createBulkhead(limits.concurrency);
  const bucket = createTokenBucket(clock, rateOf(limits));
  return {
    enter: () => {
      if (!bulkhead.tryEnter()) {
        throw new AppError('too_many_concurrent', { retryAfterMs: admissionLimits.bulkheadRetryAfterMs });
      }
      const retryAfterMs = bucket.take();
      if (retryAfterMs > 0) {
        bulkhead.leave();
        throw new AppError('rate_limited', { retryAfterMs });
      }
    },
    leave: bulkhead.leave,
    configure: (next) => {
      bulkhead.configure(next.concurrency);
      bucket.configure(rateOf(next));
    },
  };
};

const rateOf = ({ requestsPerSecond, burst }: AdmissionLimits): TokenBucketOptions => ({
  ratePerSecond: requestsPerSecond,
  burst,
});
