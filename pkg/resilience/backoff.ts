/** Waiting times between attempts: full jitter, so that those who failed together do not come back together. */

interface BackoffOptions {
  readonly minMs: number;
  readonly maxMs: number;
  /** What the ceiling grows by with each attempt; default 2. */
  readonly factor?: number;
  /** 0 <= x < 1 */
  readonly random?: () => number;
}

export interface Backoff {
  /** Somewhere between `minMs` and a ceiling that grows up to `maxMs`. */
  nextMs(): number;
  /** After a success: the ceiling starts over. */
  reset(): void;
}

export const createBackoff = ({ minMs, maxMs, factor = 2, random = Math.random }: BackoffOptions): Backoff => {
  let ceilingMs = minMs;
  return {
    nextMs: () => {
      ceilingMs = Math.min(maxMs, ceilingMs * factor);
      return minMs + random() * (ceilingMs - minMs);
    },
    reset: () => {
      ceilingMs = minMs;
    },
  };
};
