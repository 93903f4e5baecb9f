/**
 * The bounds of CXone calls: a part of limits.ts, which passes them on, in a file of its own for its length.
 */

/** Calls to tenants' CXone APIs, and the tokens for them. */
export const cxoneLimits = {
  connectTimeoutMs: 3_000,
  /** Of one tenant to one host: what the caller's side runs at once by default. */
  connectionsMax: 100,
  /** Below any load balancer's idle time-out: a connection that the other side is just closing costs a call. */
  keepAliveMs: 10_000,
  /** For the rest of an answer that nobody reads. */
  discardMs: 1_000,
  /** Eight times what a caller could be given; above it nothing is read. */
  answerBytesMax: 256 * 1024,
  /** Of tokens and discovery: NICE's take a few KiB. */
  tokenBytesMax: 64 * 1024,
  /** It has to fit a header. */
  tokenCharactersMax: 12 * 1024,
  /** A first try and three repeats: whoever needs more is down. */
  triesMax: 4,
  /** Between two tries: a ceiling that doubles, and anything below it at random. */
  retryMinMs: 100,
  retryMaxMs: 2_000,
  /** A caller that was turned away comes back no sooner. */
  retryAfterMsMin: 1_000,
  /** What is believed of a `Retry-After`. */
  retryAfterMsMax: 3_600_000,
  /** A token is fresh until this long before its end: clocks differ, and calls take time. */
  tokenMarginMs: 60_000,
  /** This long before that it is asked for anew, while calls go on with the old one. */
  tokenEarlyMs: 60_000,
  tokenLifeSecondsMax: 86_400,
  /** One refresh with its repeats; it is shared, so no caller's deadline bounds it. */
  tokenRefreshMs: 10_000,
  /** Between refreshes that failed: a ceiling that doubles. Wrong credentials must not lock an account. */
  tokenRetryMinMs: 1_000,
  tokenRetryMaxMs: 30_000,
  /** Refreshes because the API refused a token that should be good: so many at once, then one for each interval. */
  refusedTokensMax: 5,
  refusedTokenIntervalMs: 10_000,
  /** What discovery found is looked up again after an hour, and goes on for a day while that fails. */
  discoveryMs: 3_600_000,
  discoveryStaleMs: 86_400_000,
  breakerFailures: 5,
  breakerWindowMs: 10_000,
  /** While it is open, one call is let through after this long. */
  breakerIntervalMs: 10_000,
  /** Above every deadline: a call ends by its own. */
  breakerTimeoutMs: 61_000,
  /** An API that was given less than this by a caller in a hurry is not blamed for being late. */
  fairAnswerMs: 1_000,
  /** The rate's bucket holds what comes in this time, and at least one call. */
  rateBurstMs: 100,
  /** Calls that wait for their turn, for each tenant. */
  rateQueueMax: 1_000,
  /** Who waits asks the shared bucket no more often. */
  ratePollMinMs: 10,
  /** While that one cannot be asked, and the next token of a share is further away: 20 s for one of 20 pods and a rate of one a second. */
  rateLookAgainMs: 250,
} as const;
