/**
 * Redis for the handler: connection, breaker and tier, or nothing at all where no REDIS_URL is set.
 */
import { createRedisBucket } from '../../pkg/cache/redis-bucket.ts';
import { createRedisConnection, type RedisConnectionHooks } from '../../pkg/cache/redis-connection.ts';
import { createRedisTier, type RedisTier } from '../../pkg/cache/redis-tier.ts';
import type { Clock } from '../../pkg/process/clock.ts';
import { redisLimits } from '../../pkg/process/limits.ts';
import type { HandlerSettings } from '../../pkg/process/settings.ts';
import { createBreaker } from '../../pkg/resilience/breaker.ts';
import type { SharedBucket } from '../../pkg/resilience/shared-rate.ts';
import type { Observer } from './observe.ts';

export interface RedisParts {
  readonly tier: RedisTier;
  readonly bucket: SharedBucket;
  start(): Promise<void>;
  connected(): boolean;
  stop(): void;
}

interface RedisPartsOptions {
  readonly clock: Clock;
  readonly observer: Observer;
  readonly onReturn: NonNullable<RedisConnectionHooks['onReturn']>;
}

export const createRedis = (
  settings: HandlerSettings,
  { clock, observer, onReturn }: RedisPartsOptions,
): RedisParts | undefined => {
  if (settings.REDIS_URL === undefined) return undefined;
  const connection = createRedisConnection({
    url: settings.REDIS_URL,
    password: settings.REDIS_PASSWORD,
    ca: settings.REDIS_CA_FILE,
    clock,
    random: Math.random,
    hooks: { onReady: observer.redisReady, onReturn, onError: observer.redisFailed, onPolicy: observer.redisPolicy },
  });
  const breaker = createBreaker({
    name: 'redis',
    clock,
    timeoutMs: settings.REDIS_TIMEOUT_MS,
    failures: redisLimits.breakerFailures,
    windowMs: redisLimits.breakerWindowMs,
    probe: () => connection.client.ping(),
    probeIntervalMs: settings.REDIS_PROBE_INTERVAL_MS,
    hooks: { onState: observer.breakerChanged },
  });
  observer.breakerAtFirst(breaker.state());
  const { client } = connection;
  const hooks = { onFault: observer.redisFault };
  return {
    tier: createRedisTier({ client, breaker, clock, hooks }),
    bucket: createRedisBucket({ client, breaker, hooks }),
    start: connection.start,
    connected: connection.connected,
    stop: () => {
      breaker.close();
      connection.stop();
    },
  };
};
