/** Waiting times between attempts: full jitter, so that those who failed together do not come back together. */

interface BackoffOptions {
  readonly minMs: number;
  readonly maxMs: number;
  /** 0 <= x < 1 */
  readonly random?: () => number;
}

export interface Backoff {
  /** Somewhere between `minMs` and a ceiling that doubles with each call, up to `maxMs`. */
  nextMs(): number;
  /** After a success: the ceiling starts over. */
  reset(): void;
}

export const createBackoff = ({ minMs, maxMs, random = Math.random }: BackoffOptions): Backoff => {
  let ceilingMs = minMs;
  return {
    nextMs: () => {
      ceilingMs = Math.min(maxMs, ceilingMs * 2);
      return minMs + random() * (ceilingMs - minMs);
    },
    reset: () => {
      ceilingMs = minMs;
    },
  };
};
