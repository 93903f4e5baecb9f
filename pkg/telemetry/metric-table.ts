/**
 * Every metric of the handler, defined once (the controller's: controller-metric-table.ts): the README's tables are compared with these
 * lists by a test.
 *
 * Names carry the prefix `cxone_dataaction_` (added by metrics.ts) and base units; label sets are closed.
 */
const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const sizes = [1, 2, 5, 10, 20, 50, 100, 200, 500];

export interface MetricEntry {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  readonly help: string;
  readonly buckets?: readonly number[];
}

export const metricTable = {
  requests_total: {
    type: 'counter',
    labels: ['tenant_id', 'status'],
    help: 'Requests answered, by HTTP status; tenant_id is `none` where no signature was verified.',
  },
  request_duration_seconds: {
    type: 'histogram',
    labels: ['action_kind', 'status'],
    help: "Seconds from a request's arrival to its answer, by HTTP status; action_kind is lookup, transaction or cxone, or `none` where no action was reached.",
    buckets: seconds,
  },
  requests_abandoned_total: {
    type: 'counter',
    labels: ['stage'],
    help: 'Requests whose caller closed its connection first; stage is body (no action was run) or answer (it was made all the same: requests_total and request_duration_seconds count it, too).',
  },
  query_duration_seconds: {
    type: 'histogram',
    labels: ['tenant_id', 'status'],
    help: "Seconds that a tenant's lookup statements and transactions took at PostgreSQL, waiting for a connection included; status is success, error or timeout.",
    buckets: seconds,
  },
  rollback_total: {
    type: 'counter',
    labels: ['tenant_id'],
    help: 'Transactions that PostgreSQL began and that were rolled back as a whole; a reused idempotency key is none.',
  },
  breaker_state: {
    type: 'gauge',
    labels: ['dependency'],
    help: "State of the circuit breaker: 0 closed, 1 half-open, 2 open; dependency is redis or cxone (the worst of all tenants').",
  },
  pool_connections: {
    type: 'gauge',
    labels: ['state'],
    help: 'Connections of the pool to PostgreSQL; state is active (lent to requests), idle or pending (being made).',
  },
  pool_waiting: { type: 'gauge', labels: [], help: 'Requests that wait for a connection of the PostgreSQL pool.' },
  signature_failures_total: {
    type: 'counter',
    labels: ['reason'],
    help: 'Requests refused with 401; reason is unknown_tenant, missing_signature, bad_signature or stale_timestamp.',
  },
  signature_key_used_total: {
    type: 'counter',
    labels: ['tenant_id', 'key'],
    help: 'Requests verified, by the place of the key that matched, 0 = newest: a key whose counter stands still is used no more and can be removed.',
  },
  invalidations_listening: {
    type: 'gauge',
    labels: [],
    help: '1 while the handler listens for changes that others make in PostgreSQL, 0 while not: cached rows then may be old up to their TTL.',
  },
  redis_connected: {
    type: 'gauge',
    labels: [],
    help: '1 while the handler is connected to Redis (of a cluster: to any node), 0 while not; absent without REDIS_URL.',
  },
  redis_policy_ok: {
    type: 'gauge',
    labels: [],
    help: '1 when Redis, as last heard, runs maxmemory-policy allkeys-lru; 0 when it runs another or does not say.',
  },
  shed_total: {
    type: 'counter',
    labels: ['reason'],
    help: "Requests refused for load or at shutdown; reason is requests or body_bytes (too many in this process), rate_limited or too_many_concurrent (the tenant's limits), queue (too many wait for a connection, a tenant's part of the pool, the audit log or a CXone call), contended (others kept rolling a transaction back) or stopping (the pod ends).",
  },
  cache_requests_total: {
    type: 'counter',
    labels: ['tier', 'result'],
    help: 'Keys looked for in a cache; tier is memory or redis; result is hit, miss, stale (past its time, of use only if PostgreSQL fails), error (Redis failed) or skipped (Redis was not asked: its breaker is open, or too many wait).',
  },
  coalesced_batch_size: {
    type: 'histogram',
    labels: [],
    help: 'Requests answered by one lookup statement of PostgreSQL.',
    buckets: sizes,
  },
  lookup_readings_total: {
    type: 'counter',
    labels: ['result'],
    help: 'Lookups read from PostgreSQL; result is shared (one statement with other lookups), or why not: few (hardly any other at work), not_plain (text or plan), unknown (plan not seen yet), slow, resting (sharing failed lately), large (many keys) or retried (alone, after sharing failed).',
  },
  audit_commit_rows: {
    type: 'histogram',
    labels: [],
    help: 'Audit rows written by one commit of the audit log alone: those of cached answers, CXone calls, rollbacks, and lookups that share no statement while many are at work.',
    buckets: sizes,
  },
  audit_commit_failures_total: {
    type: 'counter',
    labels: [],
    help: 'Commits of the audit log alone that failed; the requests that waited for them were not answered with 200.',
  },
  downstream_requests_total: {
    type: 'counter',
    labels: ['status'],
    help: 'Requests sent to CXone APIs; status is 2xx, 3xx, 4xx (429 apart), 429, 5xx, error (no answer) or timeout.',
  },
  token_refresh_total: {
    type: 'counter',
    labels: ['result'],
    help: 'Access tokens asked for at CXone; result is success, refused (the credentials, or an answer that makes no sense) or unavailable.',
  },
  log_lines_dropped_total: {
    type: 'counter',
    labels: [],
    help: 'Log lines that could not be written, or whose reader was too far behind.',
  },
  config_revision_info: {
    type: 'gauge',
    labels: ['revision'],
    help: 'Always 1; the label is the revision of the configuration that the handler serves.',
  },
  config_last_reload_success: {
    type: 'gauge',
    labels: [],
    help: '1 when every tenant of the newest configuration was taken over, 0 when at least one was refused.',
  },
  config_last_reload_timestamp_seconds: {
    type: 'gauge',
    labels: [],
    help: 'Unix time at which the handler last took a configuration over.',
  },
} as const satisfies Record<string, MetricEntry>;

export const metricPrefix = 'cxone_dataaction_';
