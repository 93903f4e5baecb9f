/**
 * Every bound of the service: what it protects and why it has this value. Long groups have files of their own (`*-limits.ts`) and are passed on
 * here, but for what only a command of the CLI has to bound: cli-limits.ts, mock-limits.ts and simulate-limits.ts.
 *
 * Values an operator may move are settings with these defaults (settings.ts); the rest are contract. The relations
 * between them are checked by `limits.test.ts`, so that a change here cannot silently break another part.
 */

export { controllerLimits } from './controller-limits.ts';
export { cxoneLimits } from './cxone-limits.ts';
export { logLimits } from './log-limits.ts';
export { planLimits } from './plan-limits.ts';
export { sharedReadLimits } from './shared-read-limits.ts';

/** Requests: the caller's side. Source of the caller's figures: NICE's documentation of the Studio REST API action. */
export const requestLimits = {
  /** A batch of 500 UUIDs takes a third of it, the fullest context in ASCII half. Setting BODY_BYTES_MAX. */
  bodyBytesMax: 64 * 1024,
  /** The caller cuts an answer above 32 KB: strictly enforced there, so never exceeded here. */
  answerBytesMax: 32 * 1024,
  /** A body has to be complete this long after its headers; the slowest honest caller needs a tenth of it. */
  bodyTimeoutMs: 5_000,
  /** What BODY_TIMEOUT_MS may be set to: with the headers' time it stays below requestTimeoutMs. */
  bodyTimeoutMsMax: 15_000,
  /** Of a refused body: read and thrown away, so that its sender gets the answer before the connection is closed. */
  discardedBytesMax: 8 * 1024 * 1024,
  discardSilenceMs: 1_000,
  /** Of one turn of the event loop: what is made first does not wait for more than so many others. */
  answersTogetherMax: 32,
  /** Headers have to be complete this long after the connection (or the last answer). */
  headersTimeoutMs: 10_000,
  /** Headers and body together, should the two above not have caught it. */
  requestTimeoutMs: 30_000,
  /** Longer than a load balancer's idle time-out (60 s is common), so that it, not we, closes idle connections. */
  keepAliveTimeoutMs: 75_000,
  /** All headers of a request; above it, it is as unreadable as any that is not HTTP. */
  headerBytesMax: 16 * 1024,
  /** First n problems are listed; the rest would only cost. */
  problemsMax: 20,
  /** What was expected at a place: 20 of them fit an answer many times over. */
  expectedCharactersMax: 256,
  /** The caller itself waits no longer, so every deadline is shorter. */
  callerWaitMsMax: 90_000,
  requestIdCharactersMax: 128,
  contextEntriesMax: 32,
  contextKeyCharactersMax: 64,
  contextValueCharactersMax: 1_024,
  batchSizeMax: 500,
  /** A String input without a maxLength of its own, and the largest maxLength one may declare. */
  stringCharactersMax: 1_024,
  /** Elements of a list input that is not the batch. */
  listItemsMax: 500,
} as const;

/** Process-wide admission: what one handler holds in memory at most. */
export const processLimits = {
  /** Requests past the accept and before their answer. As many may wait for one lookup, so that whoever is too many is refused here, before
   * anything is read: beyond it a refusal costs as much as an answer. Setting REQUESTS_IN_FLIGHT_MAX. */
  requestsInFlightMax: 500,
  /** Body bytes being read or held: 256 full bodies. Setting BODY_BYTES_IN_FLIGHT_MAX. */
  bodyBytesInFlightMax: 16 * 1024 * 1024,
  /** Memory tier of the cache. Setting MEMORY_CACHE_BYTES. */
  memoryCacheBytes: 64 * 1024 * 1024,
  /** Load balancers look every few seconds; meanwhile everything is still served. Setting DRAIN_DELAY_MS. */
  drainDelayMs: 2_000,
  /** How long a drain may take; the chart's termination grace is longer. Setting DRAIN_TIMEOUT_MS. */
  drainTimeoutMs: 20_000,
  /** DRAIN_DELAY_MS is no shorter: time for callers that keep connections to hear, with an answer, that they should not. */
  drainDelayMsMin: 200,
  /** Turns of the event loop in which arrivals are still taken in before something closes: about a tenth of a second. */
  drainTurnsMax: 10_000,
  /** After no request has come for this long, idle connections are taken for idle and ended. */
  drainQuietMs: 500,
  /** After the drain, of the dependencies and then of the admin server: who does not let go in this time is left behind. */
  partStopMs: 1_000,
  /** Above this many tenants, metrics of the others share the label `other`. */
  metricTenantsMax: 1_000,
} as const;

/** PostgreSQL. */
export const databaseLimits = {
  poolMax: 25,
  poolMin: 5,
  poolPingIntervalMs: 10_000,
  connectionLifetimeMs: 30 * 60_000,
  connectionIdleMs: 5 * 60_000,
  connectTimeoutMs: 1_000,
  /** Statements that a connection keeps prepared, besides what its last packet has added: five of each lookup's text, were they all in use, and two of
   * each statement's of a transaction. A lookup by a list takes 24 to 65 KiB in PostgreSQL (pg_backend_memory_contexts, 200 of each form). */
  preparedMax: 1_000,
  /** Statements that name what PostgreSQL has not, or not for this role, remembered for not closing a connection for each refusal. */
  refusedTextsMax: 1_000,
  /** Statements that several requests share, so that no deadline of one of them may end them. Setting STATEMENT_TIMEOUT_MS. */
  statementTimeoutMs: 5_000,
  lockTimeoutMs: 2_000,
  /** Of a declared statement that PostgreSQL is asked about: one of each of the most tenants is through before it is time to ask again, were all
   * their tables locked. */
  checkLockTimeoutMs: 5,
  /** Applying deploy/sql, which waits for locks that running transactions hold; many times what it takes. */
  schemaTimeoutMs: 60_000,
  idleInTransactionTimeoutMs: 10_000,
  /** A connection that is silent this long after its statement's time-out is given up. */
  silenceMarginMs: 500,
  /** How far a transaction's statement_timeout may lag behind its deadline: below the margin, so that PostgreSQL ends a statement
   * before it is given up here. */
  boundSlackMs: 100,
  /** Waiters in front of the pool: 20 for each connection. */
  queueMax: 500,
  /** Of the pool, for the transactions of one tenant; at least one connection. Who waits for a lock, or for the first of the same
   * idempotency key, holds one. */
  tenantTransactionShare: 0.5,
  /** The same for its lookups, which may be slow but wait for nobody: a quarter is left to everybody else. */
  tenantLookupShare: 0.25,
  /** Requests that share one statement; each brings its audit row. */
  batchRequestsMax: 128,
  /** Shared statements of one lookup at once: with one, the process idles while PostgreSQL works; a key that is missed all the time is
   * read twice at once at most. */
  batchesInFlightMax: 2,
  /** Lookups at work that each have statements of their own. Beyond it plain ones share theirs. */
  lookupsApartMax: 1,
  /** Lookups at work whose statements commit their audit rows, too, where they are not shared. Beyond it commits are what PostgreSQL is busy with: they
   * share those. */
  lookupsCommittingMax: 2,
  /** A lookup whose rows took less than this counts among them for this long: what waits, or is slow, does not keep commits busy. */
  lookupMovesMs: 100,
  /** Keys in one shared statement: two full batches. Its answers are all made in one turn of the event loop, and with more of them
   * everybody else waits longer. */
  batchKeysMax: 1_000,
  /** Of one lookup's statement: 20 for each key of the largest. 300,000 of 250 bytes, four times at once, are more memory than the chart gives. */
  lookupRowsMax: 20_000,
  /** Audit rows of cached answers in one INSERT. 200 rows a commit are 180,000 rows/s on a laptop. */
  auditRowsMax: 200,
  /** INSERTs of audit rows at once: with one, rows wait for a flush that began before they came; of a third nothing
   * could be told (docs/performance/history.md). Where the pool has one connection, the second waits for it. */
  auditCommitsInFlightMax: 2,
  /** Requests, or batches of a lookup, whose audit rows wait for an INSERT; above it the answer is a 503. */
  auditQueueMax: 5_000,
  /** Notifications kept until the first configuration is there; more, and everything cached is distrusted. */
  earlyNotificationsMax: 1_000,
  /** Of a transaction that others' transactions roll back (class 40): together they take about a second. */
  transactionAttemptsMax: 10,
  transactionRetryMinMs: 5,
  transactionRetryMaxMs: 250,
  reconnectMinMs: 100,
  reconnectMaxMs: 5_000,
  /** Of the connection that listens: how long a dead one can go unnoticed. */
  heartbeatIntervalMs: 10_000,
  /** PostgreSQL bounds a payload at 8,000 bytes. */
  notification: {
    payloadCharactersMax: 8_000,
    payloadBytesMax: 7_900,
    keysMax: 1_000,
    keysPerPayload: 100,
    textCharactersMax: 63,
  },
} as const;

/** Answers of transactions, kept for repeats. */
export const idempotencyLimits = {
  /** Of an Idempotency-Key; UUIDs and message ids take a fifth of it. */
  keyCharactersMax: 255,
  /** Contract: a repeat within this time gets the stored answer. */
  lifeHours: 24,
  /** Each handler looks for older ones this often, ± a quarter, so that pods that started together do not look together. */
  cleanIntervalMs: 60_000,
  cleanJitter: 0.25,
  /** One DELETE: a few milliseconds, so that no transaction waits for it. */
  cleanRowsMax: 500,
  /** One look: with it a handler keeps up with 300 keyed transactions/s. */
  cleanBatchesMax: 40,
} as const;

/** What is refused for now. */
export const refusalLimits = {
  /** Where nobody knows when there will be room again, or PostgreSQL be back; the caller's own retries come no faster. */
  retryAfterMs: 1_000,
} as const;

/** The queues in front of the pool. */
export const slotLimits = {
  /** What the last hold weighs in the estimate of the next: about the last twenty count. */
  holdWeight: 0.1,
  /** A caller that was shed comes back no sooner, whatever the estimate says. */
  retryAfterMsMin: 1_000,
} as const;

/** Redis and the breaker in front of it. */
export const redisLimits = {
  /** A cache slower than this is no cache. Setting REDIS_TIMEOUT_MS. */
  commandTimeoutMs: 100,
  connectTimeoutMs: 500,
  socketTimeoutMs: 1_000,
  /** Between two attempts to connect: doubled each time, then cut by up to half, at random. */
  reconnectMinMs: 50,
  reconnectMaxMs: 1_000,
  /** Of one command between the nodes of a cluster that is being resharded. */
  clusterRedirectionsMax: 3,
  /** At boot, how long to wait for the first connection before going on without it. */
  bootWaitMs: 1_000,
  breakerFailures: 5,
  breakerWindowMs: 10_000,
  /** Setting REDIS_PROBE_INTERVAL_MS. */
  breakerProbeIntervalMs: 30_000,
  policyCheckIntervalMs: 60_000,
} as const;

/** What the two cache tiers hold and do at once. */
export const cacheLimits = {
  /** What an entry of the memory tier costs beside its characters, rounded up: 252 to 307 bytes for one that was read alone, 158 to 192 for one
   * read along with 49 others (16,385 to 131,073 of them made by `entriesUnder`, heap and typed arrays after a collection, by two programs; most
   * where the tables have just grown). */
  entryOverheadBytes: 312,
  /** The same for a group of entries: a lookup with values for its other parameters. Its name and its place in a map were 152 bytes more
   * for each (40,000 groups of one entry, against as many entries of one group). */
  groupOverheadBytes: 256,
  /** How far from where its hash says an entry of the memory tier is put at most; further away, it is not kept. Of keys that nobody has chosen to
   * hash alike the furthest is some tens away. */
  slotDistanceMax: 256,
  /** Both ways, drawn once for each read, so that reads of one moment do not all expire in one moment. */
  ttlJitter: 0.1,
  /** How far the clocks of two pods may be apart without an old row coming back. */
  clockSkewMs: 1_000,
  /** Requests that share one MGET, whichever their lookups. */
  readRequestsMax: 128,
  /** Keys in one MGET, floors aside: what Redis does without a pause, as with writes; what is beyond it runs beside. */
  readKeysMax: 500,
  /** MGETs at once, of all lookups together: what each of them can take is read without waiting for the one before. */
  readsInFlightMax: 64,
  /** Requests that wait for an MGET, of all lookups together; above it a request goes on without Redis. */
  readQueueMax: 1_000,
  /** One script: what Redis does without a pause. Times writesInFlightMax, what a slow Redis can pile up in here. */
  writeKeysMax: 500,
  writeCharactersMax: 256 * 1024,
  /** Writes above it are dropped: the rows are read again later. */
  writesInFlightMax: 64,
  /** Changes of more keys than this void the whole lookup. */
  invalidatedKeysMax: 500,
  /** Lookups (tenant and action) whose invalidations are remembered, apart for keys, for whole lookups and for what Redis missed. One more, and it
   * counts for all: nothing being read is kept, everything is void, or all that Redis has. */
  invalidatedScopesMax: 10_000,
  /** A removed key refuses older rows for this long: longer than any read can take, waiting included. */
  tombstoneMs: 180_000,
  /** The longest life of an entry, and more: ttlSecondsMax with its jitter, and staleIfErrorSecondsMax. Floors live as long. */
  entryLifeMsMax: 3 * 86_400_000,
} as const;

/** A tenant's own limits: what DataActionConfig may say. */
export const tenantLimits = {
  deadlineMsMin: 50,
  deadlineMsMax: 60_000,
  requestsPerSecondMax: 100_000,
  burstMax: 100_000,
  concurrencyMax: 10_000,
  ttlSecondsMax: 86_400,
  staleIfErrorSecondsMax: 86_400,
  toleranceSecondsMax: 3_600,
  webhookKeysMax: 4,
  secretBytesMin: 16,
  secretBytesMax: 4_096,
  actionsMax: 50,
  inputsMax: 20,
  statementCharactersMax: 8_192,
  statementsMax: 10,
  enumItemsMax: 100,
  /** Compiled once per configuration; RE2's programs grow with the pattern. */
  patternCharactersMax: 512,
  urlCharactersMax: 2_048,
  /** Name of the header that carries the signature. */
  headerCharactersMax: 64,
  cxoneScopesMax: 20,
  cxoneQueryMax: 20,
  cxoneValueCharactersMax: 1_024,
  /** In one path or value of a query. Nobody needs more, and so many fit the cost that the API server grants a rule. */
  cxonePlaceholdersMax: 8,
  /** Body of a CXone call as declared. */
  cxoneBodyCharactersMax: 8_192,
  cxoneBodyDepthMax: 8,
  /** Whoever asks for more is cut off by CXone; 80 is the default. */
  cxoneRequestsPerSecondMax: 1_000,
} as const;

/** What is looked at of a request's signature. */
export const webhookLimits = {
  /** Of StandardWebhooks' list: a sender amid a rotation has two or three. Every refusal compares as many. */
  signaturesMax: 8,
  /** Unix seconds up to the year 2286. */
  timestampDigitsMax: 10,
  messageIdCharactersMax: 255,
} as const;

/** The bundle between controller and handler. */
export const bundleLimits = {
  shards: 64,
  /** Of one bundle, and of the report on it; those of younger objects are refused. */
  tenantsMax: 20_000,
  /** One line, i.e. one tenant: above the API server's own bound on an object. */
  lineBytesMax: 2 * 1024 * 1024,
  pollIntervalMs: 5_000,
  /** How often PostgreSQL is asked again about what it refused or could not be asked about. */
  recheckIntervalMs: 30_000,
  /** Statements that PostgreSQL is asked about at once: a few of the pool, so that requests keep the rest. */
  statementChecksMax: 4,
  /** Tenants compiled before requests get a turn. */
  tenantsPerTurn: 50,
  /** Different actions of tenants, or ways to sign, of which equal ones are kept once, before it is looked for those that no tenant has any more. */
  sharedValuesMin: 1_024,
  /** Of tenants' reports, remembered in their order: minutes of a busy day between two looks of the controller. */
  reportChangesMax: 4_096,
  /** A shard's first line, which is far shorter. */
  headerBytesMax: 512,
  /** A condition's message. */
  messageCharactersMax: 1_024,
} as const;

/** Kubernetes: the API server's client, watches, the work queue and the lease. */
export const kubernetesLimits = {
  /** One API call, its answer included. */
  requestTimeoutMs: 10_000,
  connectTimeoutMs: 5_000,
  /** Without a byte for this long: ten probes, a second apart (libuv's), so that a peer whose packets vanish is gone after 15 s, long before a silent watch. */
  probeAfterMs: 5_000,
  /** Idle connections go before a load balancer (60 s is common) or the API server (90 s) closes them. */
  keepAliveMs: 30_000,
  /** One answer: a page of 500 objects of the usual size many times over; a larger page is asked for again in halves. */
  answerBytesMax: 64 * 1024 * 1024,
  /** One watch event: the API server takes no object above 3 MiB. */
  eventBytesMax: 4 * 1024 * 1024,
  /** Projected tokens live an hour at least and are replaced at 80 % of it; client-go's period. */
  tokenRereadMs: 60_000,
  tokenBytesMax: 64 * 1024,
  /** A Retry-After above it is cut: the API server's own are one second to a minute. */
  retryAfterMsMax: 120_000,
  /** Objects of a page: client-go's. */
  pageObjects: 500,
  /** Pages of a list: 100,000 objects, five times as many as a bundle takes. */
  pagesMax: 200,
  /** A list whose pages expire is begun again this often before it counts as failed. */
  pageRestartsMax: 3,
  /** The server ends a watch after a time between these two, at random: client-go's. */
  watchSecondsMin: 300,
  watchSecondsMax: 600,
  /** Until the headers of a watch: a server that starts fills its cache first. */
  watchOpenMs: 30_000,
  /** Bookmarks come about every minute; a watch without a byte for this long is dead. */
  watchSilenceMs: 90_000,
  /** A watch that ended sooner was no success, however it ended. */
  watchShortMs: 1_000,
  /** client-go's: 800 ms to 30 s, over again after two minutes without a failure. */
  watchBackoffMinMs: 800,
  watchBackoffMaxMs: 30_000,
  watchBackoffResetMs: 120_000,
  /** For a server that cannot be reached: what changed meanwhile is known within 5 s of its return. */
  watchAwayMaxMs: 2_000,
  /** Between two looks whether a watch missed anything, at random. */
  safetyRelistMinMs: 300_000,
  safetyRelistMaxMs: 600_000,
  /** A watch may be this far behind a list without having missed anything. */
  watchLagMs: 1_000,
  /** After it, whatever a reflector still waits for is left behind. */
  reflectorStopMs: 5_000,
  /** Keys that are worked on at once. */
  queueWorkersMax: 4,
  queueBackoffMinMs: 50,
  queueBackoffMaxMs: 60_000,
  /** One piece of work; after it its signal is aborted. */
  queueWorkMs: 30_000,
  /** After it, work that goes on though its signal is aborted is left behind. */
  queueStopMs: 500,
  /** Others wait this long for a holder that is silent. The three are client-go's, and grow together with setting LEASE_DURATION_SECONDS. */
  leaseMs: 15_000,
  leaseMsMax: 300_000,
  /** A leader that could not renew for this long is none. */
  leaseRenewMs: 10_000,
  leaseRetryMs: 2_000,
  /** A candidate's wait grows by up to this times itself, at random. */
  leaseRetryJitter: 1.2,
  /** One whose handler is not ready leads for so long, where no other does, before it looks whether one with a better handler has come. */
  leaseTenureMs: 60_000,
  /** With it, what a leader began before it lost ends before another one leads. */
  leaseRequestTimeoutMs: 4_000,
  leaseReleaseMs: 2_000,
} as const;

/** Manifests read from a file. */
export const manifestLimits = {
  /** As much as the API server's own bound on one object, for all of a file. */
  bytesMax: 1024 * 1024,
  /** Aliases are for people's convenience; a bomb needs more. */
  aliasesMax: 100,
  secretKeysMax: 100,
} as const;

/** The PostgreSQL that `npm start` and the tests run. */
export const devLimits = {
  /** Recovery after a crash included. */
  databaseStartMs: 30_000,
  /** A checkpoint on a slow disk; after it the processes are killed. */
  databaseStopMs: 20_000,
  databasePollMs: 10,
} as const;
