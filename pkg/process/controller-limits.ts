/**
 * The bounds of the controller: a part of limits.ts, which passes them on, in a file of its own for its length.
 */

/** From changed objects to the bundle, and from the handler's report to their status. */
export const controllerLimits = {
  /** Changes within it are decided together: `kubectl apply` of a file is one bundle. */
  mergeMs: 20,
  /** After a bundle that could not be written. */
  retryMinMs: 100,
  retryMaxMs: 5_000,
  /** A decision over 20,000 tenants takes a second; one that takes longer than this hangs. */
  runMsMax: 60_000,
  /** How often the directory itself is looked at, should somebody else have touched it. */
  bundleCheckMs: 60_000,
  /** Secrets that are read again at once because of a new reference. */
  secretReadsMax: 8,
  /** One GET of the handler's report. */
  reportTimeoutMs: 2_000,
  /** 20,000 tenants, half of them with the longest message. */
  reportBytesMax: 32 * 1024 * 1024,
  /** Until the handler has taken over what was written. */
  reportRetryMinMs: 20,
  reportRetryMaxMs: 1_000,
  /** While a tenant waits for something, and otherwise. */
  reportWaitingMs: 2_000,
  reportIntervalMs: 10_000,
  /** A handler that has not answered for this long serves nothing as far as we know; a restart takes less. */
  handlerSilentMs: 5_000,
  /** A controller whose handler has not been ready for this long leaves status to another one, if there is one; before it would vouch for nothing. */
  handlerUnreadyMs: 3_000,
  /** A status that could only say that the handler or PostgreSQL has not answered yet waits this long for it. */
  statusPatienceMs: 1_000,
  /** Of one object, in a row, conflicts among them; after that one every half minute: somebody else writes its status too, and says something else. */
  statusesBurst: 20,
  statusesEveryMs: 30_000,
  /** Of one object, as they are read: many times what anybody adds to our four. */
  conditionsMax: 1_000,
  /** Of one object, in a row; after that one every five minutes, as client-go has it. */
  eventsBurst: 10,
  eventsEveryMs: 300_000,
  /** All objects of this process together: a mistake in a shared Secret is told of many. */
  eventsTogetherBurst: 100,
  eventsTogetherEveryMs: 200,
  /** Idle connections to the admin port are nobody's loss. */
  adminStopMs: 500,
  /** Requests that are under way may end; then the process does. */
  stopMs: 3_000,
} as const;
