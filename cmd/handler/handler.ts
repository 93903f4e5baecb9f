/**
 * The handler, put together from its parts. Starts without its dependencies and recovers by itself; stops without
 * losing what it has accepted.
 */
import { compileTenant } from '../../pkg/actions/compile-tenant.ts';
import { replacedLookups } from '../../pkg/cache/replaced-lookups.ts';
import { AppError } from '../../pkg/errors/app-error.ts';
import { createAdminApp } from '../../pkg/http/admin-app.ts';
import { createDataActionHandler } from '../../pkg/http/data-action.ts';
import { createGate } from '../../pkg/http/gate.ts';
import { createHttpServer } from '../../pkg/http/http-server.ts';
import { localUrl } from '../../pkg/http/local-url.ts';
import { createTrafficListener } from '../../pkg/http/traffic-listener.ts';
import { checkStatement } from '../../pkg/postgres/check-statement.ts';
import { createDatabase } from '../../pkg/postgres/database.ts';
import { createIdempotencyCleaner } from '../../pkg/postgres/idempotency-cleaner.ts';
import { createInvalidationListener } from '../../pkg/postgres/invalidation-listener.ts';
import { type Clock, sleep } from '../../pkg/process/clock.ts';
import { databaseLimits, processLimits } from '../../pkg/process/limits.ts';
import type { HandlerSettings } from '../../pkg/process/settings.ts';
import { createRegistry, type Registry } from '../../pkg/registry/registry.ts';
import { createDeadline } from '../../pkg/resilience/deadline.ts';
import type { LogStream } from '../../pkg/telemetry/log-stream.ts';
import type { Logger } from '../../pkg/telemetry/logger.ts';
import { createMetrics } from '../../pkg/telemetry/metrics.ts';
import { encodeReport } from '../../pkg/tenant/report.ts';
import { createActionServices } from './action-services.ts';
import { createCxone } from './cxone.ts';
import { createEarlyNotifications } from './early-notifications.ts';
import { createObserver } from './observe.ts';
import { createRedis } from './redis.ts';

export interface Handler {
  /** Resolves when both servers listen and the bundle that is there has been taken over; rejects when stopped before. */
  start(): Promise<{ readonly port: number; readonly adminPort: number }>;
  /** Readiness off, then what is in flight ends, then everything is closed. Safe twice. */
  stop(): Promise<void>;
}

export const createHandler = (
  settings: HandlerSettings,
  clock: Clock,
  logger: Logger,
  logStream?: Pick<LogStream, 'takeDropped'>,
): Handler => {
  const metrics = createMetrics({ processMetrics: true });
  const observer = createObserver(metrics, logger);
  const statementTimeoutMs = settings.STATEMENT_TIMEOUT_MS;

  const database = createDatabase({
    url: settings.DATABASE_URL,
    ca: settings.DATABASE_CA_FILE,
    poolMax: settings.DATABASE_POOL_MAX,
    poolMin: settings.DATABASE_POOL_MIN,
    queueMax: settings.DATABASE_QUEUE_MAX,
    statementTimeoutMs,
    clock,
    hooks: {
      onReady: () => {
        observer.databaseReady();
        registry.databaseReady();
      },
      onUnavailable: observer.databaseUnavailable,
    },
  });
  const redis = createRedis(settings, { clock, observer, onReturn: (isSame) => cache.redisReturned(isSame) });
  const cleaner = createIdempotencyCleaner({
    database,
    clock,
    timeoutMs: statementTimeoutMs,
    random: Math.random,
    hooks: { onFailure: observer.cleaningFailed },
  });
  const cxone = createCxone(settings, { clock, observer, sharedBucket: redis?.bucket });
  const services = createActionServices(settings, {
    ...{ clock, observer, database, redis, cxone },
    onRedisDoubted: () => listener.doubt(),
    lookupsOf: (tenantId) => registry.tenant(tenantId)?.compiled.lookups ?? [],
  });
  const { cache, shares, ownNews } = services;
  const registry: Registry = createRegistry({
    dir: settings.BUNDLE_DIR,
    clock,
    compile: (tenant) => compileTenant(tenant, services),
    checkStatement: (statement) => {
      const deadline = createDeadline(clock, statementTimeoutMs);
      return checkStatement(database, statement, deadline).finally(() => deadline.close());
    },
    labelOf: observer.tenantLabel,
    hooks: {
      onReload: (reload) => observer.reloaded(reload, clock.wall()),
      onTenant: observer.tenantChanged,
      onLive: (tenantId, after, before) => {
        const replaced = replacedLookups(before?.compiled.lookups ?? [], after?.compiled.lookups ?? []);
        for (const action of replaced) cache.invalidate({ tenantId, action });
        cxone.onLive(tenantId, after?.compiled);
      },
      onRemoved: (tenantId) => {
        cxone.onRemoved(tenantId);
        shares.forget(tenantId);
        observer.tenantRemoved(tenantId);
      },
      onUnwatched: observer.bundleUnwatched,
      onError: observer.bug,
    },
  });
  // Before the first configuration, nobody knows which lookups a tenant has.
  const early = createEarlyNotifications({
    max: databaseLimits.earlyNotificationsMax,
    apply: ({ tenantId, keys, actions = [undefined] }) => {
      for (const action of actions) cache.invalidate({ tenantId, action, keys });
    },
    onOverflow: cache.forgetAll,
  });
  const listener = createInvalidationListener({
    url: settings.DATABASE_LISTEN_URL ?? settings.DATABASE_URL,
    ca: settings.DATABASE_CA_FILE,
    clock,
    hooks: {
      onNotification: (notification) => {
        if (!ownNews.isOld(notification.origin)) early.hear(notification);
      },
      onGap: cache.missed,
      // Something changed, and what is not said in words of ours: those of a newer version, say.
      onGarbage: () => {
        cache.forgetAll();
        observer.notificationGarbage();
      },
      onUnavailable: observer.listenerUnavailable,
    },
  });

  const gate = createGate({
    requestsMax: settings.REQUESTS_IN_FLIGHT_MAX,
    bodyBytesMax: settings.BODY_BYTES_IN_FLIGHT_MAX,
    onShed: observer.shed,
  });
  const dataAction = createDataActionHandler({
    clock,
    gate,
    tenant: registry.tenant,
    bodyBytesMax: settings.BODY_BYTES_MAX,
    bodyTimeoutMs: settings.BODY_TIMEOUT_MS,
    hooks: {
      onAnswered: observer.requestAnswered,
      onAbandoned: observer.requestAbandoned,
      onSignatureFailure: observer.signatureFailed,
      onKeyUsed: observer.keyUsed,
    },
  });
  const closing = () => gate.state() !== 'open';
  const traffic = createHttpServer({
    host: settings.HOST,
    port: settings.PORT,
    clock,
    listener: createTrafficListener({ dataAction, onRefused: observer.requestRefused, closing }),
    onUnreadable: observer.requestRefused,
  });
  let trafficPort = settings.PORT;
  const adminApp = createAdminApp({
    metrics,
    openApi: { ...registry, server: () => localUrl(settings.HOST, trafficPort) },
    config: { report: (since) => encodeReport(registry.report(since)), version: registry.reportVersion },
    readiness: () => ({
      listening: traffic.listening(),
      configured: registry.configured(),
      databaseReached: database.reached(),
      draining: closing(),
    }),
    onError: observer.bug,
  });
  const admin = createHttpServer({
    host: settings.HOST,
    port: settings.ADMIN_PORT,
    clock,
    listener: adminApp.callback(),
  });

  metrics.beforeScrape(() => {
    const { active, idle, pending, waiting } = database.stats();
    for (const [state, connections] of Object.entries({ active, idle, pending })) {
      metrics.set('pool_connections', { state }, connections);
    }
    metrics.set('pool_waiting', {}, waiting);
    metrics.count('log_lines_dropped_total', {}, logStream?.takeDropped() ?? 0);
    metrics.set('invalidations_listening', {}, Number(listener.listening()));
    if (redis) metrics.set('redis_connected', {}, Number(redis.connected()));
  });

  /** Nothing is in flight any more: whoever does not let go soon is left behind. */
  const closeDependencies = async (): Promise<void> => {
    const parts = [registry, listener, cleaner, database, cxone, ...(redis ? [redis] : [])];
    const closing = Promise.all(parts.map((part) => part.stop()));
    await Promise.race([closing, sleep(clock, processLimits.partStopMs)]);
  };

  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    logger.info('stopping');
    gate.drain();
    await sleep(clock, Math.max(settings.DRAIN_DELAY_MS, processLimits.drainDelayMsMin));
    await traffic.shut();
    gate.close();
    await traffic.stop(settings.DRAIN_TIMEOUT_MS);
    await closeDependencies();
    await admin.stop(processLimits.partStopMs);
    logger.info('stopped');
  };

  return {
    start: async () => {
      const adminPort = await admin.start();
      database.start();
      const listening = listener.start();
      cleaner.start();
      await redis?.start();
      // Not before: what is cached until it listens is forgotten then.
      await Promise.all([registry.start(), listening]);
      early.release();
      // Asked to stop meanwhile: the door stays closed.
      if (stopping) throw new AppError('stopping');
      trafficPort = await traffic.start();
      logger.info({ port: trafficPort, adminPort }, 'listening');
      return { port: trafficPort, adminPort };
    },
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
};
