/**
 * Token buckets in Redis, shared by every pod: one script and one key for each, behind the breaker that the cache uses too.
 *
 * Redis may be slow, wrong or gone: then nothing is granted here, and the caller has its own share.
 */
import type { Cluster, Redis } from 'ioredis';
import { type Breaker, BreakerOpenError } from '../resilience/breaker.ts';
import type { SharedBucket, TokenGrant } from '../resilience/shared-rate.ts';
import { redisErrorCode } from './redis-error-code.ts';
import { takeTokensScript } from './redis-scripts.ts';

interface RedisBucketOptions {
  readonly client: Redis | Cluster;
  readonly breaker: Pick<Breaker, 'run'>;
  /** Not called while the breaker is open. */
  readonly hooks?: { onFault?(operation: 'take', code: string): void };
}

const decodeGrant = (reply: unknown): TokenGrant | undefined => {
  if (!Array.isArray(reply)) return undefined;
  const [granted, waitMs]: readonly unknown[] = reply;
  return typeof granted === 'number' && typeof waitMs === 'number' ? { granted, waitMs } : undefined;
};

export const createRedisBucket = ({ client, breaker, hooks }: RedisBucketOptions): SharedBucket => ({
  take: async ({ key, ratePerSecond, burst, wanted }) => {
    try {
      const ask = () => client.eval(takeTokensScript, 1, key, ratePerSecond, burst, wanted);
      return decodeGrant(await breaker.run(ask));
    } catch (error) {
      if (!(error instanceof BreakerOpenError)) hooks?.onFault?.('take', redisErrorCode(error));
      return undefined;
    }
  },
});
