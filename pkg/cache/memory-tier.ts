/**
 * The first tier: a bounded number of bytes in this process, least recently used out first.
 *
 * Bytes are estimated on the safe side (two for each character), so that the bound holds whatever the rows hold. But the tables keep the
 * length that they have had: after many small rows a few long ones may take up to two fifths of the bound more. Group and key are compared
 * apart: one string made of both would have to be made and hashed for every look, which costs more than the look.
 *
 * Invariants: `bytes` is the sum over the table's slots and the groups; a group has at least one slot.
 */
import { randomInt } from 'node:crypto';
import { cacheLimits } from '../process/limits.ts';
import type { CacheEntry } from './entry.ts';
import type { CacheGroup } from './group.ts';
import { hashText } from './hash-text.ts';
import { createSlotTable } from './slot-table.ts';

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

interface Group {
  readonly prefix: string;
  slots: number;
}

const bytesOf = (key: string, { text }: CacheEntry): number =>
  cacheLimits.entryOverheadBytes + 2 * (key.length + (text?.length ?? 0));

const groupBytesOf = (prefix: string): number => cacheLimits.groupOverheadBytes + 2 * prefix.length;

/** @param bytesMax  0 = nothing is ever kept */
export const createMemoryTier = (bytesMax: number, hash = hashText): MemoryTier => {
  /** By prefix. */
  const groups = new Map<string, Group>();
  const newTable = () => createSlotTable(randomInt(2 ** 32) | 0, hash);
  let table = newTable();
  /** By slot, as are the next two. */
  let entries: (CacheEntry | undefined)[] = [undefined];
  let sizes: number[] = [0];
  /** Number of the last `getEach` that met it: tells a key that is listed twice, for less than a set of all keys. */
  let lastLooks: number[] = [0];
  let bytes = 0;
  let looks = 0;

  /** @returns the slot, 0 = none */
  const addSlot = (hashed: number, { prefix }: CacheGroup, key: string): number => {
    const group = groups.get(prefix) ?? { prefix, slots: 0 };
    // The group's own prefix, and not another string for each slot that says the same.
    const slot = table.add(hashed, group.prefix, key);
    if (slot === 0) return 0;
    if (group.slots === 0) {
      groups.set(prefix, group);
      bytes += groupBytesOf(prefix);
    }
    group.slots += 1;
    return slot;
  };
  const leaveGroup = (prefix: string): void => {
    const group = groups.get(prefix);
    if (!group) return;
    group.slots -= 1;
    if (group.slots > 0) return;
    groups.delete(prefix);
    bytes -= groupBytesOf(prefix);
  };
  const drop = (slot: number): void => {
    leaveGroup(table.prefixOf(slot));
    table.remove(slot);
    entries[slot] = undefined;
    bytes -= sizes[slot] ?? 0;
  };
  const keep = (slot: number, entry: CacheEntry, size: number): void => {
    entries[slot] = entry;
    sizes[slot] = size;
    bytes += size;
  };
  const replace = (slot: number, entry: CacheEntry, size: number): void => {
    table.use(slot);
    bytes -= sizes[slot] ?? 0;
    keep(slot, entry, size);
  };

  /** @param slot  0 = none */
  const useOrDrop = (slot: number, now: number): CacheEntry | undefined => {
    if (slot === 0) return undefined;
    const entry = entries[slot];
    if (entry && entry.life.staleUntil > now) table.use(slot);
    else drop(slot);
    return entries[slot];
  };
  const find = (group: CacheGroup, key: string): number => table.find(table.hash(group, key), group, key);

  return {
    get: (group, key, now) => useOrDrop(find(group, key), now),
    getEach: (group, keys, now) => {
      looks += 1;
      let absent: Set<string> | undefined;
      const different: string[] = [];
      const found: (CacheEntry | undefined)[] = [];
      for (const key of keys) {
        const slot = find(group, key);
        if (slot !== 0 && lastLooks[slot] === looks) continue;
        const entry = useOrDrop(slot, now);
        if (entry) lastLooks[slot] = looks;
        else if (absent?.has(key)) continue;
        else absent = (absent ?? new Set()).add(key);
        different.push(key);
        found.push(entry);
      }
      return { keys: different, entries: found };
    },
    set: (group, key, entry) => {
      const size = bytesOf(key, entry);
      const fits = size <= bytesMax - groupBytesOf(group.prefix);
      const hashed = table.hash(group, key);
      const slot = table.find(hashed, group, key);
      if (slot === 0) {
        const added = fits ? addSlot(hashed, group, key) : 0;
        if (added !== 0) {
          lastLooks[added] = 0;
          keep(added, entry, size);
        }
      } else if ((entries[slot]?.life.readAt ?? 0) <= entry.life.readAt) {
        if (fits) replace(slot, entry, size);
        else drop(slot);
      }
      for (let oldest = table.oldest(); oldest !== 0 && bytes > bytesMax; oldest = table.oldest()) drop(oldest);
    },
    delete: (group, key) => {
      const slot = find(group, key);
      if (slot !== 0) drop(slot);
    },
    clear: () => {
      groups.clear();
      table = newTable();
      [entries, sizes, lastLooks] = [[undefined], [0], [0]];
      bytes = 0;
    },
    bytes: () => bytes,
  };
};
