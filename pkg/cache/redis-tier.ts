/**
 * The second tier: entries in Redis, every command through the breaker.
 *
 * Redis may be slow, full, wrong or gone: then a read has no entries and a change says false, and nothing is thrown. The
 * breaker is what bounds the waiting; commands carry no timers of their own, and reads are one MGET without pipelining.
 */
import type { Cluster, Redis } from 'ioredis';
import type { Clock } from '../process/clock.ts';
import { cacheLimits } from '../process/limits.ts';
import { type Breaker, BreakerOpenError } from '../resilience/breaker.ts';
import { type CacheEntry, createEntryDecoder, createEntryEncoder, encodeTombstone, type KeyedEntry } from './entry.ts';
import { type CacheGroup, redisFloorKey, redisKey } from './group.ts';
import { redisErrorCode } from './redis-error-code.ts';
import { raiseFloorScript, removeScript, storeScript } from './redis-scripts.ts';
import { splitWrites } from './split-writes.ts';

export interface RedisRead {
  /** `error`: Redis failed or was too slow; `skipped`: the breaker is open and Redis was not asked. */
  readonly outcome: 'answered' | 'error' | 'skipped';
  readonly entries: ReadonlyMap<string, CacheEntry>;
  /** Entries of the scope read before it are void, by wall milliseconds; 0 when there is none. */
  readonly floor: number;
}

export interface RedisTier {
  read(group: CacheGroup, keys: readonly string[]): Promise<RedisRead>;
  /** Keeps what is there already if that was read later than the entry, or removed after the entry was read. */
  write(group: CacheGroup, entries: readonly KeyedEntry[]): Promise<boolean>;
  /** @param at  wall milliseconds; what was read before it cannot be written any more */
  remove(group: CacheGroup, keys: readonly string[], at: number): Promise<boolean>;
  raiseFloor(scope: string, at: number): Promise<boolean>;
}

export type RedisOperation = 'read' | 'write' | 'remove' | 'floor';

interface RedisTierOptions {
  readonly client: Redis | Cluster;
  readonly breaker: Pick<Breaker, 'run'>;
  readonly clock: Clock;
  /** Not called while the breaker is open. `too_many_writes`: dropped, Redis was not asked. */
  readonly hooks?: { onFault?(operation: RedisOperation, code: string): void };
}

export const createRedisTier = ({ client, breaker, clock, hooks }: RedisTierOptions): RedisTier => {
  let writesInFlight = 0;

  const failed = (operation: RedisOperation, error: unknown): 'error' | 'skipped' => {
    if (error instanceof BreakerOpenError) return 'skipped';
    hooks?.onFault?.(operation, redisErrorCode(error));
    return 'error';
  };

  const change = async (operation: RedisOperation, work: () => Promise<unknown>): Promise<boolean> => {
    try {
      await breaker.run(work);
      return true;
    } catch (error) {
      failed(operation, error);
      return false;
    }
  };

  const writeSome = async (group: CacheGroup, entries: readonly KeyedEntry[]): Promise<boolean> => {
    if (writesInFlight >= cacheLimits.writesInFlightMax) {
      hooks?.onFault?.('write', 'too_many_writes');
      return false;
    }
    writesInFlight += 1;
    const written = await change('write', () => {
      const now = clock.wall();
      const keys = entries.map(([key]) => redisKey(group, key));
      const encode = createEntryEncoder();
      const ttlOf = ({ life }: CacheEntry): number => Math.max(1, Math.ceil(life.staleUntil - now));
      const args = entries.flatMap(([, entry]) => [encode(entry), ttlOf(entry)]);
      return client.eval(storeScript, keys.length, ...keys, cacheLimits.clockSkewMs, ...args);
    });
    writesInFlight -= 1;
    return written;
  };

  return {
    read: async (group, keys) => {
      try {
        const redisKeys = keys.map((key) => redisKey(group, key));
        const [floor, ...values] = await breaker.run(() => client.mget(redisFloorKey(group.scope), ...redisKeys));
        return { outcome: 'answered', entries: decodeAll(keys, values), floor: Number(floor) || 0 };
      } catch (error) {
        return { outcome: failed('read', error), entries: new Map(), floor: 0 };
      }
    },
    write: async (group, entries) => {
      const written = await Promise.all(splitWrites(entries).map((some) => writeSome(group, some)));
      return written.every((each) => each);
    },
    remove: (group, keys, at) =>
      change('remove', () => {
        const redisKeys = keys.map((key) => redisKey(group, key));
        const [only = ''] = redisKeys;
        if (redisKeys.length === 1) return client.set(only, encodeTombstone(at), 'PX', cacheLimits.tombstoneMs);
        return client.eval(removeScript, keys.length, ...redisKeys, encodeTombstone(at), cacheLimits.tombstoneMs);
      }),
    raiseFloor: (scope, at) =>
      change('floor', () =>
        client.eval(raiseFloorScript, 1, redisFloorKey(scope), Math.ceil(at), cacheLimits.entryLifeMsMax),
      ),
  };
};

const decodeAll = (keys: readonly string[], values: readonly unknown[]): ReadonlyMap<string, CacheEntry> => {
  const entries = new Map<string, CacheEntry>();
  const decode = createEntryDecoder();
  for (const [index, key] of keys.entries()) {
    const entry = decode(values[index]);
    if (entry !== undefined) entries.set(key, entry);
  }
  return entries;
};
