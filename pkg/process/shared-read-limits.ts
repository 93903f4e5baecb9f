/**
 * The bounds of statements that several tenants share: a part of limits.ts, which passes them on, in a file of its own for its length.
 */

/** Requests of different lookups in one statement, where more of them are at work than `lookupsApartMax`: up to `batchRequestsMax`. */
export const sharedReadLimits = {
  /** Statements by one text at once. With one, two or four nothing could be told on one core of PostgreSQL's; it may have more. */
  inFlightMax: 4,
  /** Of the pool, for all such statements together. */
  poolShare: 0.25,
  /** How much longer a statement may take for those that share it. */
  extraMsMax: 5,
  /** Requests for more keys gain little by sharing. Rows so slow that this many take extraMsMax are read alone too. */
  readingKeysMax: 50,
  /** PostgreSQL ends a shared statement that takes longer (statement_timeout): each then reads alone. */
  patienceMs: 100,
  /** A lookup whose own statement failed, or took so long while others were quick, reads alone for this long after it. */
  aloneAfterSlowMs: 10_000,
  /** Quick statements of a text, to tell that: one of so many milliseconds, so that under load twice patienceMs are remembered. */
  quickRememberedMax: 8,
  quickApartMs: 25,
  /** A text whose statement failed, or was ended, is not shared for this long; where it is its fault, each further time in a row twice as long. */
  restMsMin: 250,
  restMsMax: 600_000,
  /** The same for a text whose rows take long, each by itself. */
  restOfHeavyMs: 60_000,
  /** Lookups that read alone, and texts that rest: one more, and the oldest is forgotten. */
  rememberedMax: 10_000,
} as const;
