/**
 * The first tier: a bounded number of bytes in this process, least recently used out first.
 *
 * Bytes are estimated on the safe side (two for each character), so that the bound holds whatever the rows hold. Keys are kept group by
 * group: one string made of group and key would have to be made and hashed for every look, which costs more than the look.
 *
 * Invariants: a slot is in the map of its group and in the chain from newest to oldest, or in neither; `bytes` is the sum over the
 * chain and the groups; a group has at least one slot.
 */
import { cacheLimits } from '../process/limits.ts';
import type { CacheEntry } from './entry.ts';
import type { CacheGroup } from './group.ts';

/** What a look at several keys has found. */
export interface MemoryRead {
  readonly keys: readonly string[];
  /** By the place of their key. */
  readonly entries: readonly (CacheEntry | undefined)[];
}

export interface MemoryTier {
  /** @param now  wall milliseconds; an entry past its `staleUntil` is gone */
  get(group: CacheGroup, key: string, now: number): CacheEntry | undefined;
  /** The same for each different one of `keys`, in their order. */
  getEach(group: CacheGroup, keys: readonly string[], now: number): MemoryRead;
  /** An entry of a slower read does not replace one that was read later. */
  set(group: CacheGroup, key: string, entry: CacheEntry): void;
  delete(group: CacheGroup, key: string): void;
  clear(): void;
  bytes(): number;
}

interface Slot {
  readonly prefix: string;
  readonly key: string;
  entry: CacheEntry;
  bytes: number;
  /** Number of the last `getEach` that met it: tells a key that is listed twice, for less than a set of all keys. */
  lastLook: number;
  newer: Slot | undefined;
  older: Slot | undefined;
}

const bytesOf = (key: string, { text }: CacheEntry): number =>
  cacheLimits.entryOverheadBytes + 2 * (key.length + (text?.length ?? 0));

const groupBytesOf = (prefix: string): number => cacheLimits.groupOverheadBytes + 2 * prefix.length;

/** @param bytesMax  0 = nothing is ever kept */
export const createMemoryTier = (bytesMax: number): MemoryTier => {
  const groups = new Map<string, Map<string, Slot>>();
  let newest: Slot | undefined;
  let oldest: Slot | undefined;
  let bytes = 0;
  let looks = 0;

  const unchain = (slot: Slot): void => {
    if (slot.newer) slot.newer.older = slot.older;
    else newest = slot.older;
    if (slot.older) slot.older.newer = slot.newer;
    else oldest = slot.newer;
  };
  const chain = (slot: Slot): void => {
    slot.newer = undefined;
    slot.older = newest;
    if (newest) newest.newer = slot;
    else oldest = slot;
    newest = slot;
  };
  const use = (slot: Slot): void => {
    if (slot === newest) return;
    unchain(slot);
    chain(slot);
  };
  const drop = (slot: Slot): void => {
    const slots = groups.get(slot.prefix);
    slots?.delete(slot.key);
    if (slots?.size === 0) {
      groups.delete(slot.prefix);
      bytes -= groupBytesOf(slot.prefix);
    }
    unchain(slot);
    bytes -= slot.bytes;
  };
  const find = ({ prefix }: CacheGroup, key: string): Slot | undefined => groups.get(prefix)?.get(key);
  const slotsOf = (prefix: string): Map<string, Slot> => {
    const known = groups.get(prefix);
    if (known) return known;
    const made = new Map<string, Slot>();
    groups.set(prefix, made);
    bytes += groupBytesOf(prefix);
    return made;
  };
  const add = ({ prefix }: CacheGroup, key: string, kept: Pick<Slot, 'entry' | 'bytes'>): void => {
    const slot: Slot = { prefix, key, ...kept, lastLook: 0, newer: undefined, older: undefined };
    slotsOf(prefix).set(key, slot);
    chain(slot);
    bytes += slot.bytes;
  };
  const replace = (slot: Slot, kept: Pick<Slot, 'entry' | 'bytes'>): void => {
    use(slot);
    bytes += kept.bytes - slot.bytes;
    slot.entry = kept.entry;
    slot.bytes = kept.bytes;
  };

  const useOrDrop = (slot: Slot, now: number): CacheEntry | undefined => {
    if (slot.entry.life.staleUntil > now) {
      use(slot);
      return slot.entry;
    }
    drop(slot);
    return undefined;
  };

  return {
    get: (group, key, now) => {
      const slot = find(group, key);
      return slot && useOrDrop(slot, now);
    },
    getEach: ({ prefix }, keys, now) => {
      looks += 1;
      const slots = groups.get(prefix);
      let absent: Set<string> | undefined;
      const different: string[] = [];
      const entries: (CacheEntry | undefined)[] = [];
      for (const key of keys) {
        const slot = slots?.get(key);
        if (slot?.lastLook === looks) continue;
        const entry = slot && useOrDrop(slot, now);
        if (slot && entry) slot.lastLook = looks;
        else if (absent?.has(key)) continue;
        else absent = (absent ?? new Set()).add(key);
        different.push(key);
        entries.push(entry);
      }
      return { keys: different, entries };
    },
    set: (group, key, entry) => {
      const held = find(group, key);
      if (held && held.entry.life.readAt > entry.life.readAt) return;
      const size = bytesOf(key, entry);
      // Its group may be new, and counts then.
      if (size > bytesMax - groupBytesOf(group.prefix)) return held && drop(held);
      if (held) replace(held, { entry, bytes: size });
      else add(group, key, { entry, bytes: size });
      while (oldest && bytes > bytesMax) drop(oldest);
    },
    delete: (group, key) => {
      const slot = find(group, key);
      if (slot) drop(slot);
    },
    clear: () => {
      groups.clear();
      newest = undefined;
      oldest = undefined;
      bytes = 0;
    },
    bytes: () => bytes,
  };
};
