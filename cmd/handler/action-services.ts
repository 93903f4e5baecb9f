/**
 * What the actions of all tenants run on, put together once: caches, reader, audit log, timer and their shares of the pool.
 */
import type { ActionServices } from '../../pkg/actions/compile-tenant.ts';
import { createLookupReader } from '../../pkg/actions/lookup-reader.ts';
import { createPoolShares } from '../../pkg/actions/pool-shares.ts';
import { createQueryTimer } from '../../pkg/actions/query-timer.ts';
import { createMemoryTier } from '../../pkg/cache/memory-tier.ts';
import type { CachedLookup } from '../../pkg/cache/served-lookups.ts';
import { createCache } from '../../pkg/cache/two-tier.ts';
import { createAuditLog } from '../../pkg/postgres/audit-log.ts';
import type { Database } from '../../pkg/postgres/database.ts';
import { createKeptPlans } from '../../pkg/postgres/kept-plan.ts';
import { createOwnNews } from '../../pkg/postgres/own-news.ts';
import type { Clock } from '../../pkg/process/clock.ts';
import type { HandlerSettings } from '../../pkg/process/settings.ts';
import type { CxoneParts } from './cxone.ts';
import type { Observer } from './observe.ts';
import type { RedisParts } from './redis.ts';

interface ActionServicesOptions {
  readonly clock: Clock;
  readonly observer: Observer;
  readonly database: Database;
  readonly redis: RedisParts | undefined;
  readonly cxone: CxoneParts;
  /** See CacheHooks. */
  onRedisDoubted(): void;
  /** The live lookups of a tenant. */
  lookupsOf(tenantId: string): readonly CachedLookup[];
}

export const createActionServices = (settings: HandlerSettings, options: ActionServicesOptions): ActionServices => {
  const { clock, observer, database, redis, cxone, onRedisDoubted, lookupsOf } = options;
  const cache = createCache({
    clock,
    memory: createMemoryTier(settings.MEMORY_CACHE_BYTES),
    redis: redis?.tier,
    random: Math.random,
    lookupsOf,
    hooks: { onResult: observer.cacheResult, onRedisDoubted },
  });
  const auditLog = createAuditLog({
    database,
    clock,
    statementTimeoutMs: settings.STATEMENT_TIMEOUT_MS,
    hooks: { onCommit: observer.auditCommitted, onFailure: observer.auditFailed },
  });
  const timer = createQueryTimer(clock, observer.queryEnded);
  const keptPlans = createKeptPlans(database, clock);
  const shares = createPoolShares({
    clock,
    poolMax: settings.DATABASE_POOL_MAX,
    queueMax: settings.DATABASE_QUEUE_MAX,
  });
  const parts = { database, auditLog, cache, clock, timer, keptPlans };
  return {
    ...parts,
    ownNews: createOwnNews(),
    reader: createLookupReader({
      ...parts,
      poolShare: shares.sharedReads,
      requestsMax: settings.REQUESTS_IN_FLIGHT_MAX,
      hooks: { onBatch: observer.batchRun, onReading: observer.lookupRead },
    }),
    shares,
    hooks: { onRollback: observer.rolledBack, onUnaudited: observer.rollbackUnaudited },
    cxone: { auditLog, clientFor: cxone.clientFor },
  };
};
