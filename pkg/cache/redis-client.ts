/**
 * The ioredis client as a cache wants it: a command fails at once or soon, and is never kept for later.
 *
 * It connects when told to, and then again and again for as long as it lives. Commands have no timers: the breaker times out.
 */
import { Cluster, type ClusterOptions, Redis, type RedisOptions } from 'ioredis';
import { redisLimits } from '../process/limits.ts';
import { parseRedisUrls } from './redis-url.ts';

interface RedisClientOptions {
  /** REDIS_URL; several nodes with commas are a cluster. */
  readonly url: string;
  /** Where the URL has none. */
  readonly password?: string | undefined;
  /** PEM of the authority that signed Redis' certificate, where it is not a public one. */
  readonly ca?: string | undefined;
  /** 0 <= x < 1. */
  readonly random: () => number;
}

export const createRedisClient = ({ url, password, ca, random }: RedisClientOptions): Redis | Cluster => {
  const [first, ...others] = parseRedisUrls(url);
  if (first === undefined) throw new TypeError('REDIS_URL names no node');
  /** Pods that lost Redis together do not come back together. */
  const retryStrategy = (attempt: number): number =>
    Math.min(redisLimits.reconnectMinMs * 2 ** Math.min(attempt, 10), redisLimits.reconnectMaxMs) *
    (0.5 + random() / 2);
  const { host, port, username, database } = first;
  const options = { ...failFast, username, password: first.password ?? password, tls: first.tls ? { ca } : undefined };
  if (others.length === 0) {
    return new Redis({
      ...options,
      host,
      port,
      db: database,
      lazyConnect: true,
      enableOfflineQueue: false,
      retryStrategy,
    });
  }
  return new Cluster(
    [first, ...others].map(({ host, port }) => ({ host, port })),
    { ...failFastCluster, clusterRetryStrategy: retryStrategy, redisOptions: options },
  );
};

const failFast = {
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  connectTimeout: redisLimits.connectTimeoutMs,
  socketTimeout: redisLimits.socketTimeoutMs,
} satisfies RedisOptions;

const failFastCluster = {
  lazyConnect: true,
  enableOfflineQueue: false,
  maxRedirections: redisLimits.clusterRedirectionsMax,
  slotsRefreshTimeout: redisLimits.socketTimeoutMs,
  // Names stay names: certificates are made out to them.
  dnsLookup: (address, done) => done(null, address),
} satisfies ClusterOptions;
