/**
 * Redis for tests that need none: a map that several caches may share, as pods share a Redis. Passes the same contract
 * suite as the real tier. Values never expire here.
 */
import { cacheLimits } from '../process/limits.ts';
import { type CacheEntry, createEntryDecoder, createEntryEncoder } from './entry.ts';
import { redisKey } from './group.ts';
import type { GroupKeys, RedisRead, RedisTier } from './redis-tier.ts';

export interface RedisStandIn extends RedisTier {
  /** What every command comes to from now on: `error` as with a broken Redis, `skipped` as with an open breaker. */
  outcome: RedisRead['outcome'];
  /** As an eviction does, floors included. */
  evictAll(): void;
  evictFloors(): void;
}

type Stored = { readonly entry: CacheEntry } | { readonly removedAt: number };

/** Entries as they come back from Redis: times in whole milliseconds. */
const createRedisPassage = (): ((entry: CacheEntry) => CacheEntry) => {
  const [encode, decode] = [createEntryEncoder(), createEntryDecoder()];
  return (entry) => decode(encode(entry)) ?? entry;
};

export const createRedisStandIn = (): RedisStandIn => {
  const values = new Map<string, Stored>();
  const floors = new Map<string, number>();

  const admits = (stored: Stored | undefined, entry: CacheEntry): boolean => {
    if (stored === undefined) return true;
    if ('entry' in stored) return entry.life.readAt > stored.entry.life.readAt;
    return entry.life.readAt > stored.removedAt + cacheLimits.clockSkewMs;
  };
  const readOne = ({ group, keys }: GroupKeys): RedisRead => {
    const { outcome } = standIn;
    if (outcome !== 'answered') return { outcome, entries: new Map(), floor: 0 };
    const entries = new Map<string, CacheEntry>();
    for (const key of keys) {
      const stored = values.get(redisKey(group, key));
      if (stored !== undefined && 'entry' in stored) entries.set(key, stored.entry);
    }
    return { outcome, entries, floor: floors.get(group.scope) ?? 0 };
  };
  const change = async (work: () => void): Promise<boolean> => {
    if (standIn.outcome !== 'answered') return false;
    work();
    return true;
  };

  const standIn: RedisStandIn = {
    outcome: 'answered',
    evictAll: () => {
      values.clear();
      floors.clear();
    },
    evictFloors: () => floors.clear(),
    read: async (reads) => reads.map(readOne),
    write: (writes) =>
      change(() => {
        const throughRedis = createRedisPassage();
        for (const { group, entries } of writes) {
          for (const [key, given] of entries) {
            const entry = throughRedis(given);
            const at = redisKey(group, key);
            if (admits(values.get(at), entry)) values.set(at, { entry });
          }
        }
      }),
    remove: (group, keys, at) =>
      change(() => {
        for (const key of keys) values.set(redisKey(group, key), { removedAt: Math.ceil(at) });
      }),
    raiseFloor: (scope, at) =>
      change(() => {
        floors.set(scope, Math.max(floors.get(scope) ?? 0, Math.ceil(at)));
      }),
  };
  return standIn;
};
