import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as limits from './limits.ts';

const { requestLimits, processLimits, databaseLimits, redisLimits, cacheLimits, tenantLimits, bundleLimits } = limits;
const { controllerLimits, kubernetesLimits, sharedReadLimits } = limits;

type Relation = readonly (readonly [name: string, value: number])[];

/** Each value below the next one. */
const ascending: Readonly<Record<string, Relation>> = {
  'a request: Redis, then a connection, then a lock, then its statement give up before the drain does': [
    ['Redis command', redisLimits.commandTimeoutMs],
    ['connect', databaseLimits.connectTimeoutMs],
    ['lock', databaseLimits.lockTimeoutMs],
    ['statement', databaseLimits.statementTimeoutMs],
    ['silence after a statement', databaseLimits.statementTimeoutMs + databaseLimits.silenceMarginMs],
    ['idle in transaction', databaseLimits.idleInTransactionTimeoutMs],
    ['drain', processLimits.drainTimeoutMs],
  ],
  'a late statement of a transaction is ended by PostgreSQL, not by giving up its connection': [
    ['lag of its bound', databaseLimits.boundSlackMs],
    ['silence after it', databaseLimits.silenceMarginMs],
  ],
  'a deadline ends before the caller gives up': [
    ['shortest deadline', tenantLimits.deadlineMsMin],
    ['longest deadline', tenantLimits.deadlineMsMax],
    ['what the caller waits at most', requestLimits.callerWaitMsMax],
    ['90 s and a little', 90_001],
  ],
  'reading a request: our own time-outs come before those of the server': [
    ['body', requestLimits.bodyTimeoutMs],
    ['longest body setting', requestLimits.bodyTimeoutMsMax],
    ['headers and body', requestLimits.headersTimeoutMs + requestLimits.bodyTimeoutMsMax],
    ['request', requestLimits.requestTimeoutMs],
  ],
  'idle connections are closed by the load balancer': [
    ["load balancer's idle time-out", 60_000],
    ['ours', requestLimits.keepAliveTimeoutMs],
  ],
  'a drain: idle connections are ended within it, and dependencies left behind': [
    ['quiet', processLimits.drainQuietMs],
    ['stop of a part', processLimits.partStopMs],
    ['drain', processLimits.drainTimeoutMs],
  ],
  'a refused body is discarded within the time of a request': [
    ['silence', requestLimits.discardSilenceMs],
    ['request', requestLimits.requestTimeoutMs],
  ],
  'Redis: as many time-outs as open the breaker fit in its window, and that before a probe': [
    ['failures', redisLimits.breakerFailures * redisLimits.commandTimeoutMs],
    ['window', redisLimits.breakerWindowMs],
    ['probe', redisLimits.breakerProbeIntervalMs],
  ],
  'CXone: a call ends by its own deadline, not by the breaker': [
    ['what blames the API', limits.cxoneLimits.fairAnswerMs],
    ['connect', limits.cxoneLimits.connectTimeoutMs],
    ['longest deadline', tenantLimits.deadlineMsMax],
    ['breaker', limits.cxoneLimits.breakerTimeoutMs],
  ],
  'CXone: a refresh has time for all of its tries': [
    ['shortest wait', limits.cxoneLimits.retryMinMs],
    ['longest wait', limits.cxoneLimits.retryMaxMs],
    ['all waits', (limits.cxoneLimits.triesMax - 1) * limits.cxoneLimits.retryMaxMs],
    ['refresh', limits.cxoneLimits.tokenRefreshMs],
    ['margin', limits.cxoneLimits.tokenMarginMs],
  ],
  'CXone: more is read than can be given, and a token fits what is read': [
    ['token', limits.cxoneLimits.tokenCharactersMax],
    ['answer given', requestLimits.answerBytesMax],
    ['token and discovery', limits.cxoneLimits.tokenBytesMax],
    ['answer read', limits.cxoneLimits.answerBytesMax],
  ],
  'Redis: reconnecting backs off': [
    ['least', redisLimits.reconnectMinMs],
    ['most', redisLimits.reconnectMaxMs],
  ],
  'PostgreSQL: reconnecting backs off, and a ping comes before a connection is idle': [
    ['least', databaseLimits.reconnectMinMs],
    ['most', databaseLimits.reconnectMaxMs],
    ['ping', databaseLimits.poolPingIntervalMs],
    ['idle', databaseLimits.connectionIdleMs],
    ['lifetime', databaseLimits.connectionLifetimeMs],
  ],
  'a removed key is remembered longer than any read can take': [
    ['the longest wait and the longest statement', tenantLimits.deadlineMsMax + 60_000 + cacheLimits.clockSkewMs],
    ['tombstone', cacheLimits.tombstoneMs],
  ],
  'an entry lives no longer than floors do': [
    ['entry', (tenantLimits.ttlSecondsMax * (1 + cacheLimits.ttlJitter) + tenantLimits.staleIfErrorSecondsMax) * 1_000],
    ['floor', cacheLimits.entryLifeMsMax],
  ],
  'an audit row of every request in flight finds room, in several INSERTs': [
    ['INSERT', databaseLimits.auditRowsMax],
    ['requests', processLimits.requestsInFlightMax],
    ['queue', databaseLimits.auditQueueMax],
  ],
  'a bundle line holds what the API server allows an object to be (1.5 MiB)': [
    ['object', 1.5 * 1024 * 1024],
    ['line', bundleLimits.lineBytesMax],
  ],
  'a leader ends its last request before it counts as silent, and counts as lost before another one leads': [
    ['retry', kubernetesLimits.leaseRetryMs],
    ['request', kubernetesLimits.leaseRequestTimeoutMs],
    ['renew deadline', kubernetesLimits.leaseRenewMs],
    ['renew deadline and a last request', kubernetesLimits.leaseRenewMs + kubernetesLimits.leaseRequestTimeoutMs],
    ['lease', kubernetesLimits.leaseMs],
  ],
  'bookmarks (one a minute) keep a watch alive until the server ends it': [
    ['bookmark', 60_000],
    ['silence', kubernetesLimits.watchSilenceMs],
    ['shortest watch', kubernetesLimits.watchSecondsMin * 1_000],
    ['longest watch', kubernetesLimits.watchSecondsMax * 1_000],
  ],
  'a page of the largest objects fits an answer when it is halved down to one': [
    ['object', bundleLimits.lineBytesMax],
    ['event', kubernetesLimits.eventBytesMax],
    ['answer', kubernetesLimits.answerBytesMax],
  ],
  'a list takes more objects than a bundle': [
    ['tenants', bundleLimits.tenantsMax],
    ['objects', kubernetesLimits.pagesMax * kubernetesLimits.pageObjects],
  ],
  'what changed while the API server could not be reached is live within 5 s of its return': [
    ['merge', controllerLimits.mergeMs],
    ['longest wait', kubernetesLimits.watchAwayMaxMs],
    ['wait and merge', kubernetesLimits.watchAwayMaxMs + controllerLimits.mergeMs],
    ['promise', 5_000],
  ],
  'a peer whose packets vanish is noticed by its connection, before a watch is silent for too long': [
    ['probe', kubernetesLimits.probeAfterMs],
    ['ten probes', kubernetesLimits.probeAfterMs + 10 * 1_000],
    ['silence', kubernetesLimits.watchSilenceMs],
  ],
  'packets that vanished while connecting are sent again soon enough after their way is back': [
    ['wait', kubernetesLimits.watchAwayMaxMs],
    // Linux repeats a SYN after 1 s and after 3 s: in the worst case just before, and then a new attempt has to come.
    ['wait and attempt', kubernetesLimits.watchAwayMaxMs + kubernetesLimits.connectTimeoutMs - 3_000],
    ['promise', 5_000],
  ],
  'the handler is asked until it answers, believed for a while, and asked less often when all is well': [
    ['retry', controllerLimits.reportRetryMaxMs],
    ['request', controllerLimits.reportTimeoutMs],
    ['silence', controllerLimits.handlerSilentMs],
    ['interval', controllerLimits.reportIntervalMs],
  ],
  'a status waits for an answer less long than the handler is believed without one': [
    ['first retry', controllerLimits.reportRetryMinMs],
    ['patience', controllerLimits.statusPatienceMs],
    ['silence', controllerLimits.handlerSilentMs],
  ],
  'a handler that restarts quickly costs no Lease, and one that is down leaves it before its controller vouches for nothing':
    [
      ['retries', 2 * controllerLimits.reportRetryMaxMs],
      ['unready', controllerLimits.handlerUnreadyMs],
      ['silence', controllerLimits.handlerSilentMs],
    ],
  'one that is not fit leads for longer than it waited for others': [
    ['wait', kubernetesLimits.leaseMs],
    ['tenure', kubernetesLimits.leaseTenureMs],
  ],
  'a controller that stops lets go of its Lease before it is left behind': [
    ['release', kubernetesLimits.leaseReleaseMs],
    ['writes that do not end, then release', kubernetesLimits.queueStopMs + kubernetesLimits.leaseReleaseMs],
    ['stop', controllerLimits.stopMs],
  ],
  'behind any number of locked tables a statement is asked about before it is time to ask again': [
    ['all', (bundleLimits.tenantsMax / bundleLimits.statementChecksMax) * databaseLimits.checkLockTimeoutMs],
    ['recheck', bundleLimits.recheckIntervalMs],
  ],
  'the bundle is looked at more often than PostgreSQL is asked again': [
    ['poll', bundleLimits.pollIntervalMs],
    ['recheck', bundleLimits.recheckIntervalMs],
  ],
};

for (const [title, relation] of Object.entries(ascending)) {
  test(title, () => {
    for (const [index, [name, value]] of relation.entries()) {
      const [nextName, next] = relation[index + 1] ?? ['', Number.POSITIVE_INFINITY];
      assert.ok(value < next, `${name} (${value}) comes before ${nextName} (${next})`);
    }
  });
}

test("the caller's figures are NICE's", () => {
  assert.is(requestLimits.answerBytesMax, 32_768);
  assert.is(requestLimits.callerWaitMsMax, 90_000);
});

test('a full batch and the fullest context in ASCII fit a body; many full bodies fit at once', () => {
  const batch = requestLimits.batchSizeMax * '"00000000-0000-0000-0000-000000000000",'.length;
  const entry = requestLimits.contextKeyCharactersMax + requestLimits.contextValueCharactersMax + '"":"",'.length;
  const rest = 1_024;
  assert.ok(batch < requestLimits.bodyBytesMax / 3);
  assert.ok(batch + requestLimits.contextEntriesMax * entry + rest < requestLimits.bodyBytesMax);
  assert.is(processLimits.bodyBytesInFlightMax, 256 * requestLimits.bodyBytesMax);
});

test('a full batch of UUIDs fits an answer as keys alone', () => {
  assert.ok(requestLimits.batchSizeMax * 39 + 256 < requestLimits.answerBytesMax);
});

test('shared statements take full batches, and the queue is as deep as its comment says', () => {
  assert.is(databaseLimits.batchKeysMax, 2 * requestLimits.batchSizeMax);
  assert.is(databaseLimits.queueMax, 20 * databaseLimits.poolMax);
  assert.ok(databaseLimits.poolMin <= databaseLimits.poolMax);
  assert.ok(databaseLimits.lookupsApartMax <= databaseLimits.lookupsCommittingMax, 'RecentKeys is asked about no more');
});

test('what tenants share ends long before what is their own would, and takes no more of the pool than one of them may', () => {
  assert.ok(sharedReadLimits.extraMsMax < sharedReadLimits.patienceMs);
  assert.is(sharedReadLimits.quickRememberedMax * sharedReadLimits.quickApartMs, 2 * sharedReadLimits.patienceMs);
  assert.ok(sharedReadLimits.patienceMs < databaseLimits.lockTimeoutMs);
  assert.ok(databaseLimits.lockTimeoutMs < databaseLimits.statementTimeoutMs);
  assert.is(sharedReadLimits.poolShare, databaseLimits.tenantLookupShare);
  assert.ok(databaseLimits.batchRequestsMax <= databaseLimits.auditRowsMax);
});

test('a lookup may return some rows for each of its keys, of which one counts', () => {
  assert.is(databaseLimits.lookupRowsMax, 20 * databaseLimits.batchKeysMax);
});

test('one write to the cache takes any row', () => {
  assert.ok(requestLimits.answerBytesMax < cacheLimits.writeCharactersMax);
});

const numbersOf = (value: unknown, path: string): readonly (readonly [string, number])[] => {
  if (typeof value === 'number') return [[path, value]];
  return Object.entries(value ?? {}).flatMap(([key, each]) => numbersOf(each, `${path}.${key}`));
};

test('every bound is a positive, finite number, whole but for ratios and rates', () => {
  for (const [path, value] of numbersOf(limits, 'limits')) {
    assert.ok(Number.isFinite(value) && value > 0, path);
    assert.ok(Number.isInteger(value) || /(?:Jitter|Weight|Share|PerSecond)$/.test(path), path);
  }
});

test("every duration fits Node's timers, which fire at once above 24.8 days", () => {
  for (const [path, value] of numbersOf(limits, 'limits')) {
    if (/Ms(?:Min|Max)?$/.test(path)) assert.ok(value < 2 ** 31, path);
  }
});

test.run();
