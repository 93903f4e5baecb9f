/**
 * The bounds of `cxone-actions simulate`: what the simulated caller may do. The service does not know them.
 *
 * Source of Studio's figures: NICE's documentation of the REST API action. What it does not say is a guess, and a flag.
 */

export const simulateLimits = {
  /** Studio allows a business unit 100 calls at once; more only by special approval. */
  concurrency: 100,
  concurrencyMax: 1_000,
  /** Far above what one business unit does; one process of the CLI manages it. */
  ratePerSecondMax: 1_000,
  /** Of a phase: an hour, so that the phases of one file make a soak of most of a day. */
  durationSecondsMax: 3_600,
  countMax: 1_000_000,
  phasesMax: 20,
  stepsMax: 20,
  weightMax: 1_000,
  /** Calls that wait on the caller's side when all places are taken. How many Studio keeps is not known. */
  queue: 1_000,
  queueMax: 10_000,
  /** Studio's two, by itself. */
  repeatsMax: 2,
  repeatDelayMsMax: 60_000,
  /** NICE's rule: where 50 % of the requests of 30 s failed, none for 30 s; only from 100 requests/s on. See caller-breaker.ts. */
  breakerFailedPercent: 50,
  breakerWindowMs: 30_000,
  breakerWindowMsMin: 100,
  breakerWindowMsMax: 600_000,
  breakerRateMin: 100,
  breakerOpenMs: 30_000,
  breakerOpenMsMax: 600_000,
  /** After a call that went wrong, a caller without a rate pauses: it would spin while nobody listens. */
  pauseAfterWrongMs: 100,
  /** After the last arrival, how long what is under way may take: three full time-outs. */
  drainMs: 300_000,
  scenarioBytesMax: 1024 * 1024,
  fieldsMax: 100,
  nameCharactersMax: 64,
  headersMax: 32,
  headerValueCharactersMax: 8_192,
  /** Of a `from` file, read into memory before the run. */
  valuesBytesMax: 64 * 1024 * 1024,
  valuesMax: 1_000_000,
  /** Twice the largest batch there is: enough to be refused. */
  itemsMax: 1_000,
  listMax: 10_000,
  /** Ends of a range; exact in a double. */
  rangeMax: 1_000_000_000_000_000,
  seedMax: 4_294_967_295,
  /** Kinds of answers told apart by status and code; the rest is told as one. */
  answerKindsMax: 100,
  progressMs: 500,
  progressPlainMs: 10_000,
} as const;
