/**
 * How long what was read may answer: a tenant's choice, with jitter, so that rows stored together do not expire together.
 */
import { cacheLimits } from '../process/limits.ts';
import type { CacheEntry } from './entry.ts';

export interface CachePolicy {
  /** 0: rows are not stored. */
  readonly ttlSeconds: number;
  /** 0: "there is no such row" is not stored. */
  readonly missingTtlSeconds: number;
  /** How much longer a row may answer while the database cannot. Absences never do. */
  readonly staleIfErrorSeconds: number;
}

/** The entry for what a read brought, or undefined where the policy or the row's size forbids to keep it.
 * @param readAt  wall milliseconds when the read began: the life of an entry counts from there
 * @param random  0 <= x < 1 */
export const entryUnder = (
  policy: CachePolicy,
  text: string | null,
  { readAt, random }: { readonly readAt: number; readonly random: () => number },
): CacheEntry | undefined => {
  const ttlSeconds = text === null ? policy.missingTtlSeconds : policy.ttlSeconds;
  if (ttlSeconds <= 0 || (text?.length ?? 0) > cacheLimits.rowCharactersMax) return undefined;
  const jitter = 1 + cacheLimits.ttlJitter * (2 * random() - 1);
  const freshUntil = readAt + ttlSeconds * 1_000 * jitter;
  const staleUntil = text === null ? freshUntil : freshUntil + policy.staleIfErrorSeconds * 1_000;
  return { text, readAt, freshUntil, staleUntil };
};
