/**
 * How long what was read may answer: a tenant's choice, with jitter, so that what is stored together does not all expire together.
 */
import { cacheLimits } from '../process/limits.ts';
import type { CacheEntry, Lifetime } from './entry.ts';

export interface CachePolicy {
  /** 0: rows are not stored. */
  readonly ttlSeconds: number;
  /** 0: "there is no such row" is not stored. */
  readonly missingTtlSeconds: number;
  /** How much longer a row may answer while the database cannot. Absences never do. */
  readonly staleIfErrorSeconds: number;
}

interface Read {
  /** Wall milliseconds when it began: the life of an entry counts from there. */
  readonly readAt: number;
  /** 0 <= x < 1 */
  readonly random: () => number;
}

/** One lifetime for so many rows in a row, then the next: rows of one request come and go with each other, those of many do not. */
const sharedLives = (ttlSeconds: number, staleSeconds: number, { readAt, random }: Read): (() => Lifetime) => {
  let life: Lifetime | undefined;
  let rows = 0;
  return () => {
    if (life === undefined || rows >= cacheLimits.rowsPerLifetime) {
      const jitter = 1 + cacheLimits.ttlJitter * (2 * random() - 1);
      const freshUntil = readAt + ttlSeconds * 1_000 * jitter;
      life = { readAt, freshUntil, staleUntil: freshUntil + staleSeconds * 1_000 };
      rows = 0;
    }
    rows += 1;
    return life;
  };
};

/** @returns for what one read brought, text by text: its entry, or undefined where the policy or the row's size forbids to keep it */
export const entriesUnder = (policy: CachePolicy, read: Read): ((text: string | null) => CacheEntry | undefined) => {
  const { ttlSeconds, missingTtlSeconds, staleIfErrorSeconds } = policy;
  const nextLife = sharedLives(ttlSeconds, staleIfErrorSeconds, read);
  const nextMissingLife = sharedLives(missingTtlSeconds, 0, read);
  return (text) => {
    if (text === null) return missingTtlSeconds > 0 ? { text, life: nextMissingLife() } : undefined;
    return ttlSeconds > 0 && text.length <= cacheLimits.rowCharactersMax ? { text, life: nextLife() } : undefined;
  };
};
