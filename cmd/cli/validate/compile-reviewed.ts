/**
 * What only the handler would say: compiles each tenant as it does, on services that are never used.
 */
import { compileTenant, type DeclaredStatement } from '../../../pkg/actions/compile-tenant.ts';
import { createLookupReader } from '../../../pkg/actions/lookup-reader.ts';
import { createPoolShares } from '../../../pkg/actions/pool-shares.ts';
import { createQueryTimer } from '../../../pkg/actions/query-timer.ts';
import { createMemoryTier } from '../../../pkg/cache/memory-tier.ts';
import { createCache } from '../../../pkg/cache/two-tier.ts';
import type { PlacedConfig } from '../../../pkg/controller/gather-manifests.ts';
import type { ReviewedTenant } from '../../../pkg/controller/review-manifests.ts';
import type { Problem } from '../../../pkg/errors/problem.ts';
import { createAuditLog } from '../../../pkg/postgres/audit-log.ts';
import type { Database } from '../../../pkg/postgres/database.ts';
import { createKeptPlans } from '../../../pkg/postgres/kept-plan.ts';
import { createOwnNews } from '../../../pkg/postgres/own-news.ts';
import { systemClock as clock } from '../../../pkg/process/clock.ts';
import { databaseLimits } from '../../../pkg/process/limits.ts';
import { compileKeyRing } from '../../../pkg/registry/live-tenant.ts';

export interface CompiledReview {
  readonly config: PlacedConfig;
  /** By path from the object's root. */
  readonly problems: readonly Problem[];
  readonly statements: readonly DeclaredStatement[];
}

/** @param database  need not be started */
export const createCompiler = (database: Database) => {
  const cache = createCache({ clock, memory: createMemoryTier(1), random: Math.random, lookupsOf: () => [] });
  const timer = createQueryTimer(clock);
  const auditLog = createAuditLog({ database, clock, statementTimeoutMs: databaseLimits.statementTimeoutMs });
  const keptPlans = createKeptPlans(database, clock);
  const shares = createPoolShares({ clock, poolMax: 1, queueMax: 0 });
  const parts = { database, auditLog, cache, clock, timer, keptPlans };
  const reader = createLookupReader({ ...parts, poolShare: shares.sharedReads, requestsMax: 0 });
  const neverCalled = { call: () => Promise.reject(new Error('nothing is called here')) };
  const cxone = { auditLog, clientFor: () => neverCalled };
  const services = { ...parts, ownNews: createOwnNews(), reader, shares, cxone };

  return ({ tenant, config }: ReviewedTenant): CompiledReview => {
    const compiled = compileTenant(tenant, services);
    const ring = compileKeyRing(tenant);
    return {
      config,
      problems: [...(compiled.ok ? [] : compiled.problems), ...(ring.ok ? [] : ring.problems)],
      statements: compiled.ok ? compiled.value.statements : [],
    };
  };
};
