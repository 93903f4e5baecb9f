/**
 * The second tier: entries in Redis, every command through the breaker.
 *
 * Redis may be slow, full, wrong or gone: then a read has no entries and a change says false, and nothing is thrown. The
 * breaker is what bounds the waiting; commands carry no timers of their own.
 *
 * Groups asked for together share one command, unless Redis minds hash slots: only keys of one group are sure to be in one (group.ts), so
 * that there each group has a command of its own, beside the others. Of Redis Cluster that is known beforehand; what is a cluster behind one
 * address tells by its first CROSSSLOT, which is an answer and no fault: what met it is done again, and groups are apart from then on.
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

/** What is asked for of one group. */
export interface GroupKeys {
  readonly group: CacheGroup;
  readonly keys: readonly string[];
}

/** What one group is to hold. */
export interface GroupEntries {
  readonly group: CacheGroup;
  readonly entries: readonly KeyedEntry[];
}

export interface RedisRead {
  /** `error`: Redis failed or was too slow; `skipped`: the breaker is open and Redis was not asked. */
  readonly outcome: 'answered' | 'error' | 'skipped';
  readonly entries: ReadonlyMap<string, CacheEntry>;
  /** Entries of the scope read before it are void, by wall milliseconds; 0 when there is none. */
  readonly floor: number;
}

export interface RedisTier {
  /** One for each of `reads`, in their order. */
  read(reads: readonly GroupKeys[]): Promise<readonly RedisRead[]>;
  /** Keeps what is there already if that was read later than the entry, or removed after the entry was read.
   * @returns whether all of them got through */
  write(writes: readonly GroupEntries[]): Promise<boolean>;
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

/** In place of the answer to a command that groups shared: Redis wants them apart, and has done nothing. */
const crossSlot = Symbol('CROSSSLOT');

export const createRedisTier = ({ client, breaker, clock, hooks }: RedisTierOptions): RedisTier => {
  let groupsApart = 'nodes' in client;
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

  /** For the breaker too CROSSSLOT is an answer. Of one group it would be the same apart: there it is an error like any other. */
  const shared = async <T>(groups: number, command: Promise<T>): Promise<T | typeof crossSlot> => {
    try {
      return await command;
    } catch (error) {
      if (groups === 1 || redisErrorCode(error) !== 'CROSSSLOT') throw error;
      groupsApart = true;
      return crossSlot;
    }
  };

  const readTogether = async (reads: readonly GroupKeys[]): Promise<readonly RedisRead[]> => {
    try {
      const redisKeys = redisKeysOf(reads);
      const values = await breaker.run(() => shared(reads.length, client.mget(redisKeys)));
      return values === crossSlot ? await readApart(reads) : decodeAll(reads, values);
    } catch (error) {
      const read: RedisRead = { outcome: failed('read', error), entries: new Map(), floor: 0 };
      return reads.map(() => read);
    }
  };

  const readApart = async (reads: readonly GroupKeys[]): Promise<readonly RedisRead[]> =>
    (await Promise.all(reads.map((each) => readTogether([each])))).flat();

  /** @param groups   how many the write is of
   * @param entries  by their keys in Redis
   * @returns        whether it got through, or crossSlot */
  const writeScript = async (groups: number, entries: readonly KeyedEntry[]): Promise<boolean | typeof crossSlot> => {
    if (writesInFlight >= cacheLimits.writesInFlightMax) {
      hooks?.onFault?.('write', 'too_many_writes');
      return false;
    }
    writesInFlight += 1;
    try {
      const answer = await breaker.run(() => shared(groups, runStoreScript(entries)));
      return answer === crossSlot ? crossSlot : true;
    } catch (error) {
      failed('write', error);
      return false;
    } finally {
      writesInFlight -= 1;
    }
  };

  const runStoreScript = (entries: readonly KeyedEntry[]): Promise<unknown> => {
    const now = clock.wall();
    const keys = entries.map(([key]) => key);
    const encode = createEntryEncoder();
    const ttlOf = ({ life }: CacheEntry): number => Math.max(1, Math.ceil(life.staleUntil - now));
    const args = entries.flatMap(([, entry]) => [encode(entry), ttlOf(entry)]);
    return client.eval(storeScript, keys.length, ...keys, cacheLimits.clockSkewMs, ...args);
  };

  const writeTogether = async (writes: readonly GroupEntries[]): Promise<boolean> => {
    const scripts = splitWrites(entriesInRedis(writes));
    const written = await Promise.all(scripts.map((entries) => writeScript(writes.length, entries)));
    return written.includes(crossSlot) ? writeApart(writes) : written.every((each) => each === true);
  };

  /** What a part of a shared write has stored already is kept by the script. */
  const writeApart = async (writes: readonly GroupEntries[]): Promise<boolean> =>
    (await Promise.all(writes.map((each) => writeTogether([each])))).every((each) => each);

  return {
    read: (reads) => (groupsApart ? readApart(reads) : readTogether(reads)),
    write: (writes) => (groupsApart ? writeApart(writes) : writeTogether(writes)),
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

/** For each group its floor, then its keys. */
const redisKeysOf = (reads: readonly GroupKeys[]): string[] => {
  const redisKeys: string[] = [];
  for (const { group, keys } of reads) {
    redisKeys.push(redisFloorKey(group.scope));
    for (const key of keys) redisKeys.push(redisKey(group, key));
  }
  return redisKeys;
};

/** @param values  in the order of `redisKeysOf` */
const decodeAll = (reads: readonly GroupKeys[], values: readonly unknown[]): readonly RedisRead[] => {
  const decode = createEntryDecoder();
  let place = 0;
  return reads.map(({ keys }) => {
    const floor = Number(values[place++]) || 0;
    const entries = new Map<string, CacheEntry>();
    for (const key of keys) {
      const entry = decode(values[place++]);
      if (entry !== undefined) entries.set(key, entry);
    }
    return { outcome: 'answered', entries, floor };
  });
};

const entriesInRedis = (writes: readonly GroupEntries[]): readonly KeyedEntry[] =>
  writes.flatMap(({ group, entries }) => entries.map(([key, entry]): KeyedEntry => [redisKey(group, key), entry]));
