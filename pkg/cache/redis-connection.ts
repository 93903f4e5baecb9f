/**
 * The life of the connection to Redis: first wait at boot, reconnects, a watch over the eviction policy, the end.
 *
 * Boot waits a little for Redis, since commands before the first connection fail and would open the breaker; it goes on
 * without one that does not come. Addresses and passwords reach no hook.
 */
import type { Cluster, Redis } from 'ioredis';
import type { Clock } from '../process/clock.ts';
import { redisLimits } from '../process/limits.ts';
import { readEvictionPolicy } from './eviction-policy.ts';
import { createRedisClient } from './redis-client.ts';
import { redisErrorCode } from './redis-error-code.ts';
import { watchReturns } from './redis-returns.ts';

export interface RedisConnectionHooks {
  /** Connected, at first or again: the moment for a breaker's probe. */
  onReady?(): void;
  /** After it was away; `isSame`: it is known that no other server, and nothing older, has taken its place. Of a cluster: a node has gone. */
  onReturn?(isSame: Promise<boolean>): void;
  /** A code alone, e.g. ECONNREFUSED; once for each attempt. */
  onError?(code: string): void;
  /** `maxmemory-policy`, after each connect and every policyCheckIntervalMs; `unknown` where Redis does not say. Not told while it is away. */
  onPolicy?(policy: string): void;
}

interface RedisConnectionOptions {
  readonly url: string;
  /** Where the URL has none. */
  readonly password?: string | undefined;
  readonly ca?: string | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  readonly hooks?: RedisConnectionHooks;
}

export interface RedisConnection {
  readonly client: Redis | Cluster;
  /** Connects. Resolves when ready, or after bootWaitMs without: the attempts then go on. Safe twice. */
  start(): Promise<void>;
  /** Whether commands can be sent; of a cluster, to any of its nodes. */
  connected(): boolean;
  /** Ends the connection and every attempt; commands under way fail. Safe twice. */
  stop(): void;
}

export const createRedisConnection = (options: RedisConnectionOptions): RedisConnection => {
  const { clock, hooks } = options;
  const client = createRedisClient(options);
  let cancelCheck = (): void => undefined;
  let checking = false;
  let stopped = false;
  let started: Promise<void> | undefined;

  const checkPolicy = async (): Promise<void> => {
    if (checking || stopped) return;
    checking = true;
    cancelCheck();
    const policy = await readEvictionPolicy('nodes' in client ? client.nodes('master') : [client]);
    checking = false;
    if (stopped) return;
    if (policy !== undefined) hooks?.onPolicy?.(policy);
    cancelCheck = clock.after(redisLimits.policyCheckIntervalMs, () => void checkPolicy());
  };

  watchReturns(client, (isSame) => hooks?.onReturn?.(isSame));
  client.on('error', (error: unknown) => hooks?.onError?.(redisErrorCode(error)));
  client.on('ready', () => {
    hooks?.onReady?.();
    void checkPolicy();
  });

  const connect = (): Promise<void> =>
    new Promise((resolve) => {
      const cancel = clock.after(redisLimits.bootWaitMs, resolve);
      client.once('ready', () => {
        cancel();
        resolve();
      });
      // A failed first attempt is told by the error event, and followed by others.
      client.connect().catch(() => undefined);
    });

  return {
    client,
    start: () => {
      started ??= connect();
      return started;
    },
    connected: () => client.status === 'ready',
    stop: () => {
      stopped = true;
      cancelCheck();
      client.disconnect();
    },
  };
};
