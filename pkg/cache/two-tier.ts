/**
 * The cache as the actions see it: memory first, then Redis, and invalidations that hold in both.
 *
 * It never fails and never waits longer than its caller's deadline: without Redis, or with a broken one, it is the memory
 * tier alone. It does not read the database, and it does not know what a row means.
 */
import { isAppError } from '../errors/app-error.ts';
import type { Clock } from '../process/clock.ts';
import { cacheLimits } from '../process/limits.ts';
import type { Deadline } from '../resilience/deadline.ts';
import type { CacheEntry, KeyedEntry } from './entry.ts';
import { type CacheGroup, cacheScope } from './group.ts';
import { createInvalidationLog } from './invalidation-log.ts';
import type { MemoryRead, MemoryTier } from './memory-tier.ts';
import { type CachePolicy, entriesUnder } from './policy.ts';
import { createRedisReads } from './redis-reads.ts';
import { createRedisRemovals } from './redis-removals.ts';
import type { GroupKeys, RedisRead, RedisTier } from './redis-tier.ts';
import { createRedisWrites } from './redis-writes.ts';
import { type CachedLookup, createServedLookups } from './served-lookups.ts';
import { usableEntries } from './usable-entries.ts';
import { createWallWatch, wallOf } from './wall-watch.ts';

/** What changed: keys left out = every key, action left out = every lookup of the tenant. */
export interface Invalidation {
  readonly tenantId: string;
  readonly action?: string | undefined;
  readonly keys?: readonly string[] | undefined;
}

export type CacheTier = 'memory' | 'redis';
export type CacheResult = 'hit' | 'miss' | 'stale' | 'error' | 'skipped';

export interface CacheHooks {
  /** `keys` keys were looked for in `tier` with this result. */
  onResult?(tier: CacheTier, result: CacheResult, keys: number): void;
  /** Redis may have what this process alone knows to be void: nobody is to believe it for having listened until now. */
  onRedisDoubted?(): void;
}

export interface CacheOptions {
  readonly clock: Clock;
  readonly memory: MemoryTier;
  readonly redis?: RedisTier | undefined;
  /** 0 <= x < 1. */
  readonly random: () => number;
  /** The live lookups of a tenant, of the configuration served now. */
  readonly lookupsOf: (tenantId: string) => readonly CachedLookup[];
  readonly hooks?: CacheHooks;
}

export interface Cache {
  /** One entry for each different one of `keys`, in their order, fresh or stale: the caller looks at its `life`. Synchronous. */
  readMemory(group: CacheGroup, keys: readonly string[]): MemoryRead;
  /** One key's entry, without counting: for a second look at a key that was missed. */
  peekMemory(group: CacheGroup, key: string): CacheEntry | undefined;
  /** What Redis has of `keys`, fresh or stale; kept in memory from now on. Never rejects; empty at the deadline. */
  readRedis(group: CacheGroup, keys: readonly string[], deadline: Deadline): Promise<ReadonlyMap<string, CacheEntry>>;
  /** To be taken before the database is read, and handed to `store` with what was read. Of a lookup that is not served any more, by a request that
   *  began before, nothing is kept: no invalidation would find it until the lookup is back. */
  epoch(group: CacheGroup): number;
  /** Stores rows (text) and known absences (null), unless something of this tenant and action was invalidated since the epoch. */
  store(
    group: CacheGroup,
    epochAtRead: number,
    rows: Iterable<readonly [key: string, text: string | null]>,
    policy: CachePolicy,
  ): void;
  /** From now on, nothing read before this call answers for what changed. Also to be called, without keys, for an action
   *  whose revision changed: exact keys are looked up under the current revision only. */
  invalidate(change: Invalidation): void;
  /** From now on, nothing read before this call answers, here and in Redis. For what cannot be understood. */
  forgetAll(): void;
  /** From now on, nothing that this process read before answers, and of what Redis has nothing older than `othersForMs`: invalidations may have
   *  been missed, by everybody before that. Others hold what they have to be void by themselves. */
  missed(othersForMs: number): void;
  /** Redis was away. Unless it is known to have lost nothing, nothing read before answers from there: what was removed since may be back. */
  redisReturned(isSame: Promise<boolean>): void;
  memoryBytes(): number;
}

const noEntries: ReadonlyMap<string, CacheEntry> = new Map();
/** No later than any change of anything. */
const noEpoch = 0;

export const createCache = ({ clock, memory, redis, random, lookupsOf, hooks }: CacheOptions): Cache => {
  const log = createInvalidationLog(clock);
  const served = createServedLookups(lookupsOf);
  const wall = createWallWatch(clock, () => memory.clear());

  const report = (tier: CacheTier, result: CacheResult, keys: number): void => {
    if (keys > 0) hooks?.onResult?.(tier, result, keys);
  };

  /** @param askedAt  a stamp of before the read */
  const keepRead = ({ group, keys }: GroupKeys, read: RedisRead | undefined, askedAt: number) => {
    if (read?.outcome !== 'answered') {
      report('redis', read?.outcome ?? 'error', keys.length);
      return noEntries;
    }
    const { entries, floor } = read;
    const ownFloor = log.redisFloor(group.scope);
    // Mended here: a floor that did not get through, or that Redis has evicted.
    if (floor < ownFloor) void redis?.raiseFloor(group.scope, ownFloor);
    const overtaken = log.changedAt(group.scope) >= askedAt;
    const now = wall();
    const heardFrom = Math.max(floor, ownFloor, log.redisSince());
    const usable =
      overtaken || !served.has(group) ? noEntries : usableEntries(entries, { floor: heardFrom, askedAt, now });
    let fresh = 0;
    for (const [key, entry] of usable) {
      memory.set(group, key, entry);
      if (entry.life.freshUntil > now) fresh += 1;
    }
    report('redis', 'hit', fresh);
    report('redis', 'stale', usable.size - fresh);
    report('redis', 'miss', keys.length - usable.size);
    return usable;
  };

  const reads =
    redis &&
    createRedisReads(async (asked) => {
      const askedAt = log.stamp();
      const found = await redis.read(asked);
      // Also when the callers have left at their deadlines: what comes later is still worth keeping in memory.
      return asked.map((each, place) => keepRead(each, found[place], askedAt));
    });

  const writeToRedis = redis && createRedisWrites(redis);

  const doubtRedis = (): void => {
    if (redis) hooks?.onRedisDoubted?.();
  };

  const forgetKeys = (group: CacheGroup, keys: readonly string[]): number => {
    const at = log.stamp();
    log.noteKeys(group.scope, at);
    for (const key of keys) memory.delete(group, key);
    return at;
  };

  const removeFromRedis =
    redis &&
    createRedisRemovals({
      redis,
      keysMax: cacheLimits.invalidatedKeysMax,
      onEnd: (group, keys, { at, removed }) => {
        // Again: a read of Redis may have overtaken the removal.
        forgetKeys(group, keys);
        if (removed) return;
        log.distrustRedis(group.scope, at);
        doubtRedis();
      },
    });

  const voidScope = (scope: string): void => {
    const at = log.stamp();
    log.raise(scope, at);
    void redis?.raiseFloor(scope, at).then((raised) => raised || doubtRedis());
  };

  return {
    readMemory: (group, listed) => {
      const now = wall();
      const floor = log.floor(group.scope);
      const { keys, entries } = memory.getEach(group, listed, now);
      let [hits, stale] = [0, 0];
      const usable = entries.map((entry) => {
        if (entry === undefined || entry.life.readAt <= floor) return undefined;
        if (entry.life.freshUntil > now) hits += 1;
        else stale += 1;
        return entry;
      });
      report('memory', 'hit', hits);
      report('memory', 'stale', stale);
      report('memory', 'miss', keys.length - hits - stale);
      return { keys, entries: usable };
    },
    peekMemory: (group, key) => {
      const entry = memory.get(group, key, wall());
      return entry !== undefined && entry.life.readAt > log.floor(group.scope) ? entry : undefined;
    },

    readRedis: async (group, keys, deadline) => {
      if (reads === undefined || keys.length === 0) return noEntries;
      try {
        return await reads.submit({ group, keys }, deadline);
      } catch (error) {
        // Too many wait for an MGET already: Redis was not asked.
        if (isAppError(error, 'overloaded')) report('redis', 'skipped', keys.length);
        return noEntries;
      }
    },

    epoch: (group) => (served.has(group) ? log.stamp() : noEpoch),

    store: (group, epochAtRead, rows, policy) => {
      if (epochAtRead <= log.changedAt(group.scope)) return;
      const entryOf = entriesUnder(policy, { readAt: wallOf(epochAtRead, wall()), random });
      const entries: KeyedEntry[] = [];
      for (const [key, text] of rows) {
        const entry = entryOf(text);
        if (entry === undefined) continue;
        memory.set(group, key, entry);
        entries.push([key, entry]);
      }
      if (entries.length > 0) writeToRedis?.({ group, entries });
    },

    invalidate: ({ tenantId, action, keys }) => {
      if (keys?.length === 0) return;
      for (const lookup of served.changed(tenantId, action)) {
        if (lookup.group !== undefined && keys !== undefined && keys.length <= cacheLimits.invalidatedKeysMax) {
          const at = forgetKeys(lookup.group, keys);
          removeFromRedis?.(lookup.group, keys, at);
        } else {
          voidScope(cacheScope(tenantId, lookup.action));
        }
      }
    },

    forgetAll: () => {
      memory.clear();
      log.raiseAll();
      doubtRedis();
    },

    missed: (othersForMs) => {
      memory.clear();
      const at = log.stamp();
      log.missed(at, at - othersForMs);
    },

    redisReturned: (isSame) => {
      // Until that is known, too.
      const takeBack = log.distrustAllOfRedis(log.stamp());
      void isSame.then((same) => (same ? takeBack() : doubtRedis()));
    },

    memoryBytes: () => memory.bytes(),
  };
};
