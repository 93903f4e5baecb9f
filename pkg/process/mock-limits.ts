/**
 * The bounds of `cxone-actions mock`: what its files and its memory may hold. The service does not know them.
 */

export const mockLimits = {
  /** Of a CSV or JSON file: a fixture, not a database. It is read as a whole, and again when it changes. */
  fileBytesMax: 8 * 1024 * 1024,
  /** The YAML parser takes ten times as long for a byte. */
  yamlBytesMax: 1024 * 1024,
  /** The coarsest file systems tell times to two seconds: until then a stamp proves nothing. */
  fileYoungMs: 2_000,
  filesMax: 100,
  rowsMax: 50_000,
  columnsMax: 200,
  /** As PostgreSQL's names. */
  columnCharactersMax: 63,
  /** Of one text: twice an answer, so that rows that fit none can be tried. */
  valueCharactersMax: 64 * 1024,
  valueDepthMax: 8,
  retryAfterMsMax: 3_600_000,
  /** Where a file names an error that never comes without Retry-After, but no time. */
  retryAfterMs: 1_000,
  /** Idempotency keys with their answers, each 32 KiB at most; the oldest goes first. */
  keysMax: 1_000,
  /** After Ctrl-C, what is in flight has to end by then. */
  stopMs: 1_000,
} as const;

/** The fake CXone API of `mock` and of the tests. */
export const fakeCxoneLimits = {
  bodyBytesMax: 1024 * 1024,
  /** Tokens that hold; with one more, the oldest does no longer. */
  tokensMax: 1_000,
} as const;
