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
    help: 'Answered requests by HTTP status; tenant_id is `none` before a signature was verified.',
  },
  request_duration_seconds: {
    type: 'histogram',
    labels: ['action_kind', 'status'],
    help: 'From arrival to the answer; action_kind is `none` where no action was reached.',
    buckets: seconds,
  },
  requests_abandoned_total: {
    type: 'counter',
    labels: ['stage'],
    help: 'Requests whose caller closed its connection first; stage is body (not answered) or answer (the work was done: requests_total and request_duration_seconds count them, too).',
  },
  query_duration_seconds: {
    type: 'histogram',
    labels: ['tenant_id', 'status'],
    help: 'Statements and transactions of a tenant; status is success, error or timeout.',
    buckets: seconds,
  },
  rollback_total: { type: 'counter', labels: ['tenant_id'], help: 'Transactions rolled back as a whole.' },
  breaker_state: {
    type: 'gauge',
    labels: ['dependency'],
    help: "0 closed, 1 half-open, 2 open; dependency is redis or cxone, which is the worst of all tenants'.",
  },
  pool_connections: {
    type: 'gauge',
    labels: ['state'],
    help: 'Connections to PostgreSQL; state is active, idle or pending.',
  },
  pool_waiting: { type: 'gauge', labels: [], help: 'Waiters in front of the PostgreSQL pool.' },
  signature_failures_total: {
    type: 'counter',
    labels: ['reason'],
    help: 'Refused requests: unknown_tenant, missing_signature, bad_signature or stale_timestamp.',
  },
  signature_key_used_total: {
    type: 'counter',
    labels: ['tenant_id', 'key'],
    help: 'Verified requests by the place of the key that matched, 0 = newest: when the last one stays at rest, a rotation is over.',
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
    help: 'Requests refused for load: requests, body_bytes, rate_limited, too_many_concurrent, queue, contended (others kept rolling a transaction back) or stopping.',
  },
  cache_requests_total: {
    type: 'counter',
    labels: ['tier', 'result'],
    help: 'Keys looked for, tier is memory or redis; result is hit, miss, stale, error or skipped.',
  },
  coalesced_batch_size: {
    type: 'histogram',
    labels: [],
    help: 'Requests that shared one lookup statement.',
    buckets: sizes,
  },
  lookup_readings_total: {
    type: 'counter',
    labels: ['result'],
    help: 'Readings of PostgreSQL by how: few (hardly anyone beside), shared (with other lookups), or alone: not_plain, unknown, slow, resting, large or retried.',
  },
  audit_commit_rows: {
    type: 'histogram',
    labels: [],
    help: 'Audit rows in one commit of theirs alone: of cached answers, CXone calls, and lookups beside many others that share no statement.',
    buckets: sizes,
  },
  audit_commit_failures_total: {
    type: 'counter',
    labels: [],
    help: 'Such commits that failed: what waited for them was not answered with 200.',
  },
  downstream_requests_total: {
    type: 'counter',
    labels: ['status'],
    help: 'Requests to CXone APIs; status is 2xx, 3xx, 4xx, 429, 5xx, error (no answer) or timeout.',
  },
  token_refresh_total: {
    type: 'counter',
    labels: ['result'],
    help: 'Tokens asked for at CXone; result is success, refused or unavailable.',
  },
  log_lines_dropped_total: {
    type: 'counter',
    labels: [],
    help: 'Log lines that were not written, as whoever reads the log was too far behind.',
  },
  config_revision_info: { type: 'gauge', labels: ['revision'], help: '1 for the configuration revision being served.' },
  config_last_reload_success: {
    type: 'gauge',
    labels: [],
    help: '1 when the newest configuration was taken over for every tenant, 0 when a part of it was refused.',
  },
  config_last_reload_timestamp_seconds: {
    type: 'gauge',
    labels: [],
    help: 'When the configuration was last taken over.',
  },
} as const satisfies Record<string, MetricEntry>;

export const metricPrefix = 'cxone_dataaction_';
