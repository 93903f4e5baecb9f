/**
 * The first tier: a bounded number of bytes in this process, least recently used out first.
 *
 * Bytes are estimated on the safe side (two for each character), so that the bound holds whatever the rows hold.
 */
import { LRUCache } from 'lru-cache';
import { cacheLimits } from '../process/limits.ts';
import type { CacheEntry } from './entry.ts';

export interface MemoryTier {
  /** @param now  wall milliseconds; an entry past its `staleUntil` is gone */
  get(key: string, now: number): CacheEntry | undefined;
  set(key: string, entry: CacheEntry): void;
  delete(key: string): void;
  clear(): void;
  bytes(): number;
}

const sizeOf = (entry: CacheEntry, key: string): number =>
  cacheLimits.entryOverheadBytes + 2 * (key.length + (entry.text?.length ?? 0));

/** @param bytesMax  0 = nothing is ever kept */
export const createMemoryTier = (bytesMax: number): MemoryTier => {
  const entries = new LRUCache<string, CacheEntry>({ maxSize: Math.max(1, bytesMax), sizeCalculation: sizeOf });
  return {
    get: (key, now) => {
      const entry = entries.get(key);
      if (entry === undefined || entry.staleUntil > now) return entry;
      entries.delete(key);
      return undefined;
    },
    set: (key, entry) => void entries.set(key, entry),
    delete: (key) => void entries.delete(key),
    clear: () => entries.clear(),
    bytes: () => entries.calculatedSize,
  };
};
