/**
 * Where everything that happens becomes a metric or a log line. The parts know neither; this knows no part's inside.
 */
import type { AppError } from '../../pkg/errors/app-error.ts';
import type { AbandonedSummary, RequestSummary } from '../../pkg/http/data-action.ts';
import type { RefusedSummary } from '../../pkg/http/traffic-listener.ts';
import { isRolledBackByOthers } from '../../pkg/postgres/pg-error.ts';
import type { Reload } from '../../pkg/registry/registry.ts';
import type { TenantEntry } from '../../pkg/registry/tenant-entry.ts';
import type { BreakerState } from '../../pkg/resilience/breaker.ts';
import type { Logger } from '../../pkg/telemetry/logger.ts';
import type { Metrics } from '../../pkg/telemetry/metrics.ts';
import { createTenantLabels, noTenant } from '../../pkg/telemetry/tenant-labels.ts';

const breakerValues: Readonly<Record<BreakerState, number>> = { closed: 0, 'half-open': 1, open: 2 };

/** Why a request was refused for load that the gate had let in. It tells of the others itself. */
const shedReasonOf = ({ code, actionKind, error }: RequestSummary): string | undefined => {
  if (code === 'rate_limited' || code === 'too_many_concurrent') return code;
  if (code !== 'overloaded' || actionKind === undefined) return undefined;
  return isRolledBackByOthers(error) ? 'contended' : 'queue';
};

export const createObserver = (metrics: Metrics, logger: Logger) => {
  const tenants = createTenantLabels(metrics);
  /** The code last told, until Redis is back. */
  let redisTrouble: string | undefined;
  let redisPolicy: string | undefined;

  const logAnswered = (summary: RequestSummary): void => {
    if (!summary.error && !logger.isLevelEnabled('info')) return;
    const { error, actionKind: _, tenantLabel: _label, ...fields } = summary;
    if (error && error.kind !== 'request' && error.kind !== 'load') logger.warn({ ...fields, error }, 'request failed');
    else logger.info(fields, 'request answered');
  };

  return {
    requestAnswered: (summary: RequestSummary): void => {
      const status = String(summary.status);
      metrics.count('requests_total', { tenant_id: summary.tenantLabel, status });
      const labels = { action_kind: summary.actionKind ?? 'none', status };
      metrics.observe('request_duration_seconds', labels, summary.durationMs / 1_000, summary.traceId);
      if (summary.abandoned) metrics.count('requests_abandoned_total', { stage: 'answer' });
      const shed = summary.code && shedReasonOf(summary);
      if (shed) metrics.count('shed_total', { reason: shed });
      logAnswered(summary);
    },
    requestAbandoned: (summary: AbandonedSummary): void => {
      metrics.count('requests_abandoned_total', { stage: 'body' });
      logger.info({ ...summary, abandoned: true }, 'request abandoned');
    },
    requestRefused: ({ requestId, status, error }: RefusedSummary): void => {
      metrics.count('requests_total', { tenant_id: noTenant, status: String(status) });
      const fields = { requestId, status, code: error.code };
      if (error.kind === 'bug') logger.error({ ...fields, error }, 'request failed');
      else logger.info(fields, 'request refused');
    },
    shed: (reason: string): void => metrics.count('shed_total', { reason }),
    signatureFailed: (reason: string): void => metrics.count('signature_failures_total', { reason }),
    keyUsed: (tenantLabel: string, keyIndex: number): void =>
      metrics.count('signature_key_used_total', { tenant_id: tenantLabel, key: String(keyIndex) }),
    queryEnded: (tenantId: string, status: string, seconds: number): void =>
      metrics.observe('query_duration_seconds', { tenant_id: tenants.label(tenantId), status }, seconds),
    rolledBack: (tenantId: string): void => metrics.count('rollback_total', { tenant_id: tenants.label(tenantId) }),
    rollbackUnaudited: (error: unknown): void => logger.warn({ error }, 'a rollback could not be audited'),
    cleaningFailed: (error: unknown): void => logger.warn({ error }, 'old idempotency keys could not be removed'),
    batchRun: (requests: number): void => metrics.observe('coalesced_batch_size', {}, requests),
    lookupRead: (result: string): void => metrics.count('lookup_readings_total', { result }),
    auditCommitted: (rows: number): void => metrics.observe('audit_commit_rows', {}, rows),
    auditFailed: (): void => metrics.count('audit_commit_failures_total', {}),
    cacheResult: (tier: string, result: string, keys: number): void =>
      metrics.count('cache_requests_total', { tier, result }, keys),
    breakerAtFirst: (state: BreakerState): void =>
      metrics.set('breaker_state', { dependency: 'redis' }, breakerValues[state]),
    breakerChanged: (state: BreakerState): void => {
      metrics.set('breaker_state', { dependency: 'redis' }, breakerValues[state]);
      logger.warn({ dependency: 'redis', state }, 'breaker changed');
    },
    redisReady: (): void => {
      redisTrouble = undefined;
      logger.info('redis connected');
    },
    // Attempts go on for ever: each kind of trouble is told once.
    redisFailed: (code: string): void => {
      if (code !== redisTrouble) logger.warn({ code }, 'redis connection failed');
      redisTrouble = code;
    },
    redisFault: (operation: string, code: string): void => {
      if (code !== redisTrouble) logger.warn({ operation, code }, 'redis command failed');
      redisTrouble = code;
    },
    redisPolicy: (policy: string): void => {
      const ok = policy === 'allkeys-lru';
      metrics.set('redis_policy_ok', {}, Number(ok));
      if (!ok && policy !== redisPolicy) logger.warn({ policy }, 'redis should run maxmemory-policy allkeys-lru');
      redisPolicy = policy;
    },
    cxoneUnguarded: (): void =>
      logger.warn('CXONE_ALLOW_PRIVATE_ADDRESSES is for tests: tenants can reach hosts inside'),
    cxoneExchange: (status: string): void => metrics.count('downstream_requests_total', { status }),
    cxoneBreaker: (tenantId: string | undefined, state: BreakerState, worst: BreakerState): void => {
      metrics.set('breaker_state', { dependency: 'cxone' }, breakerValues[worst]);
      if (tenantId !== undefined) logger.warn({ dependency: 'cxone', tenantId, state }, 'breaker changed');
    },
    cxoneTokenRefreshed: (tenantId: string, error: AppError | undefined): void => {
      const result = error && (error.code === 'cxone_unavailable' ? 'unavailable' : 'refused');
      metrics.count('token_refresh_total', { result: result ?? 'success' });
      if (error) logger.warn({ tenantId, error }, 'cxone token not refreshed');
      else logger.debug({ tenantId }, 'cxone token refreshed');
    },
    databaseReady: (): void => logger.info('database reached'),
    databaseUnavailable: (error: unknown): void => logger.warn({ error }, 'database cannot be reached'),
    listenerUnavailable: (error: unknown): void => logger.warn({ error }, 'not listening for invalidations'),
    notificationGarbage: (): void => logger.warn('notification not understood: everything cached is distrusted'),
    reloaded: ({ revision, success, problems }: Reload, timestampMs: number): void => {
      metrics.forget('config_revision_info');
      metrics.set('config_revision_info', { revision }, 1);
      metrics.set('config_last_reload_success', {}, success ? 1 : 0);
      metrics.set('config_last_reload_timestamp_seconds', {}, timestampMs / 1_000);
      logger.info({ revision, success, ...(problems.length > 0 ? { problems } : {}) }, 'configuration taken over');
    },
    tenantChanged: ({ report }: TenantEntry): void => {
      const { tenantId, revision, state, reason, message } = report;
      if (state === 'Refused')
        logger.warn({ tenantId, revision, reason, detail: message }, 'tenant configuration refused');
      else logger.debug({ tenantId, revision, state }, 'tenant configuration settled');
    },
    bundleUnwatched: (code: string): void =>
      logger.warn({ code }, 'bundle directory cannot be watched: changes are found later, by looking'),
    tenantLabel: tenants.add,
    tenantRemoved: (tenantId: string): void => tenants.remove(tenantId),
    bug: (error: unknown): void => logger.error({ error }, 'unexpected error'),
  };
};

export type Observer = ReturnType<typeof createObserver>;
