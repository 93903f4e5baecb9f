/**
 * What this process knows to be void: per scope (tenant and action), since when.
 *
 * A floor voids everything read before it; changed keys void what is being read alone, as they are removed themselves. Its stamps are
 * wall time that never stands still nor goes back, so that of a read and an invalidation one is always the earlier, whatever happens to
 * the system's clock.
 */
import type { Clock } from '../process/clock.ts';
import { cacheLimits } from '../process/limits.ts';

export interface InvalidationLog {
  /** Wall milliseconds, later than every stamp before. */
  stamp(): number;
  /** The last invalidation of anything in it: a read under way that began before may have what was there before. */
  changedAt(scope: string): number;
  /** What was read before is void, in memory and in Redis. */
  floor(scope: string): number;
  /** What was read before is void in Redis; later than the floor where an invalidation did not get through to it. */
  redisFloor(scope: string): number;
  noteKeys(scope: string, at: number): void;
  distrustRedis(scope: string, at: number): void;
  raise(scope: string, at: number): void;
  raiseAll(): void;
  /** This process may have missed what changed before `at`, and everybody what changed before `byAll`. */
  missed(at: number, byAll: number): void;
  /** What was read before and is in Redis may have changed while nobody listened, or may be what a server has that lost its removal. */
  redisSince(): number;
  /** From now on `redisSince` is `at`, at least.
   * @returns takes that back, unless it was said again */
  distrustAllOfRedis(at: number): () => void;
}

/** About a microsecond; a wall time in milliseconds still has room for it. */
const tick = 2 ** -10;

/** The last time noted of each scope; where that would be too many, the last one of any counts for all. */
const createScopeTimes = (clock: Clock, scopesMax: number) => {
  /** Least recently noted first; dropped when nothing that old can be alive any more. */
  const times = new Map<string, number>();
  let last = 0;
  let everywhere = 0;

  const noteAll = (at: number): void => {
    last = Math.max(last, at);
    everywhere = last;
    times.clear();
  };
  const dropOld = (): void => {
    const oldest = clock.wall() - cacheLimits.entryLifeMsMax;
    for (const [scope, at] of times) {
      if (at > oldest) break;
      times.delete(scope);
    }
  };
  return {
    of: (scope: string): number => (times.size === 0 ? everywhere : Math.max(everywhere, times.get(scope) ?? 0)),
    note: (scope: string, at: number): void => {
      last = Math.max(last, at);
      const known = times.get(scope) ?? 0;
      times.delete(scope);
      dropOld();
      if (times.size >= scopesMax) noteAll(at);
      else times.set(scope, Math.max(known, at));
    },
    noteAll,
  };
};

export const createInvalidationLog = (
  clock: Clock,
  scopesMax: number = cacheLimits.invalidatedScopesMax,
): InvalidationLog => {
  // Each by itself: keys change all the time, and those of one lookup too many must not void what is cached.
  const changes = createScopeTimes(clock, scopesMax);
  const floors = createScopeTimes(clock, scopesMax);
  const distrust = createScopeTimes(clock, scopesMax);
  let last = 0;
  let missedByAll = 0;
  let serverSince = 0;

  const stamp = (): number => {
    last = Math.max(clock.wall(), last + tick);
    return last;
  };
  const redisFloor = (scope: string): number => Math.max(floors.of(scope), distrust.of(scope));

  return {
    stamp,
    changedAt: (scope) => Math.max(changes.of(scope), redisFloor(scope)),
    floor: floors.of,
    redisFloor,
    noteKeys: changes.note,
    distrustRedis: distrust.note,
    raise: floors.note,
    raiseAll: () => floors.noteAll(stamp()),
    missed: (at, byAll) => {
      changes.noteAll(at);
      missedByAll = Math.max(missedByAll, byAll);
    },
    redisSince: () => Math.max(missedByAll, serverSince),
    distrustAllOfRedis: (at) => {
      const before = serverSince;
      serverSince = at;
      return () => {
        if (serverSince === at) serverSince = before;
      };
    },
  };
};
