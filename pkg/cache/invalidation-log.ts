/**
 * What this process knows to be void: per scope (tenant and action), since when.
 *
 * A floor voids everything read before it. Its stamps are wall time that never stands still nor goes back, so that of a
 * read and an invalidation one is always the earlier, whatever happens to the system's clock.
 */
import type { Clock } from '../process/clock.ts';
import { cacheLimits } from '../process/limits.ts';

interface Scope {
  /** The last invalidation of anything in it. */
  readonly changedAt: number;
  /** What was read before is void, in memory and in Redis. */
  readonly floor: number;
  /** What was read before is void in Redis alone: an invalidation did not get through to it. */
  readonly redisFloor: number;
}

export interface InvalidationLog {
  /** Wall milliseconds, later than every stamp before. */
  stamp(): number;
  changedAt(scope: string): number;
  floor(scope: string): number;
  redisFloor(scope: string): number;
  noteKeys(scope: string, at: number): void;
  distrustRedis(scope: string, at: number): void;
  raise(scope: string, at: number): void;
  raiseAll(): void;
}

const nothing: Scope = { changedAt: 0, floor: 0, redisFloor: 0 };
/** About a microsecond; a wall time in milliseconds still has room for it. */
const tick = 2 ** -10;

export const createInvalidationLog = (clock: Clock, scopesMax: number = cacheLimits.invalidatedScopesMax) => {
  /** Least recently changed first; dropped when nothing that old can be alive any more. */
  const scopes = new Map<string, Scope>();
  let last = 0;
  let everything = 0;

  const stamp = (): number => {
    last = Math.max(clock.wall(), last + tick);
    return last;
  };
  const raiseAll = (): void => {
    everything = stamp();
    scopes.clear();
  };
  const dropOld = (): void => {
    const oldest = clock.wall() - cacheLimits.entryLifeMsMax;
    for (const [name, scope] of scopes) {
      if (scope.changedAt > oldest) break;
      scopes.delete(name);
    }
  };
  const note = (name: string, at: number, change: { readonly floor: number; readonly redisFloor: number }): void => {
    const known = scopes.get(name) ?? nothing;
    scopes.delete(name);
    dropOld();
    if (scopes.size >= scopesMax) {
      raiseAll();
      return;
    }
    scopes.set(name, {
      changedAt: Math.max(known.changedAt, at),
      floor: Math.max(known.floor, change.floor),
      redisFloor: Math.max(known.redisFloor, change.redisFloor),
    });
  };
  const known = (name: string): Scope => (scopes.size === 0 ? nothing : (scopes.get(name) ?? nothing));

  const log: InvalidationLog = {
    stamp,
    changedAt: (scope) => Math.max(everything, known(scope).changedAt),
    floor: (scope) => Math.max(everything, known(scope).floor),
    redisFloor: (scope) => Math.max(everything, known(scope).redisFloor),
    noteKeys: (scope, at) => note(scope, at, nothing),
    distrustRedis: (scope, at) => note(scope, at, { floor: 0, redisFloor: at }),
    raise: (scope, at) => note(scope, at, { floor: at, redisFloor: at }),
    raiseAll,
  };
  return log;
};
