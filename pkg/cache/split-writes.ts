/**
 * Cuts a batch of entries into scripts of a bounded size: while a script runs, Redis answers nobody else.
 */
import { cacheLimits } from '../process/limits.ts';
import type { KeyedEntry } from './entry.ts';

/** In order; each part holds at least one entry and stays within both bounds if its first entry does. */
export const splitWrites = (entries: readonly KeyedEntry[]): readonly (readonly KeyedEntry[])[] => {
  const parts: KeyedEntry[][] = [];
  let part: KeyedEntry[] = [];
  let characters = 0;
  for (const keyed of entries) {
    const [key, entry] = keyed;
    const size = key.length + (entry.text?.length ?? 0);
    const full = part.length >= cacheLimits.writeKeysMax || characters + size > cacheLimits.writeCharactersMax;
    if (part.length === 0 || full) {
      part = [];
      parts.push(part);
      characters = 0;
    }
    part.push(keyed);
    characters += size;
  }
  return parts;
};
