/**
 * How long what was read may answer: a tenant's choice, with jitter, so that reads of one moment do not all expire in one moment.
 *
 * What one read brought expires together: asked for together again, it is read by one statement, and not row by row as each expires.
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

interface ReadMoment {
  /** Wall milliseconds when the read began: the life of an entry counts from there. */
  readonly readAt: number;
  /** 0 <= x < 1 */
  readonly random: () => number;
}

/** @returns for what one read brought, text by text: its entry, or undefined where the policy forbids to keep it */
export const entriesUnder = (
  { ttlSeconds, missingTtlSeconds, staleIfErrorSeconds }: CachePolicy,
  { readAt, random }: ReadMoment,
): ((text: string | null) => CacheEntry | undefined) => {
  const jitter = 1 + cacheLimits.ttlJitter * (2 * random() - 1);
  const createLifetime = (freshSeconds: number, staleSeconds: number): Lifetime => {
    const freshUntil = readAt + freshSeconds * 1_000 * jitter;
    return { readAt, freshUntil, staleUntil: freshUntil + staleSeconds * 1_000 };
  };
  const life = createLifetime(ttlSeconds, staleIfErrorSeconds);
  const missingLife = createLifetime(missingTtlSeconds, 0);
  return (text) => {
    if (text === null) return missingTtlSeconds > 0 ? { text, life: missingLife } : undefined;
    return ttlSeconds > 0 ? { text, life } : undefined;
  };
};
