/**
 * The bounds of a busy process's log: a part of limits.ts, which passes them on, in a file of its own for its length.
 */

export const logLimits = {
  /** A line is written after this at the latest: what a kill may cost. */
  flushMs: 20,
  /** Characters that are written at once, sooner than that: as much as container runtimes take in one piece. */
  chunkLength: 16_384,
  /** Between two tries while the pipe is full: of its 64 KiB, that is four times what a busy handler writes. */
  retryMs: 5,
  /** For a reader of what waits when the process ends. */
  exitMs: 2_000,
  /** Characters that wait for whoever reads the log: a second or more of a busy handler. */
  waitingLengthMax: 4_194_304,
} as const;
