/**
 * What is measured: who asks for how many ids, and whether a cache may answer.
 */
import type { TenantOptions } from '../services/tenants.ts';

export interface Scenario {
  readonly name: string;
  readonly tenantId: string;
  /** Ids in one request. */
  readonly batch: number;
  /** Requests repeat within this many different ids: few for warm, all of them for cold. */
  readonly ids: number;
}

export const customers = 200_000;
/** So few ids that all of them are in memory after the warm-up. */
const warmIds = 1_000;

export const scenarios: readonly Scenario[] = [
  { name: 'warm-1', tenantId: 'warm', batch: 1, ids: warmIds },
  { name: 'warm-50', tenantId: 'warm', batch: 50, ids: warmIds },
  { name: 'cold-1', tenantId: 'cold', batch: 1, ids: customers },
  { name: 'cold-50', tenantId: 'cold', batch: 50, ids: customers },
];

const limits = { requestsPerSecond: 100_000, burst: 100_000, concurrency: 10_000 };

export const benchTenants: readonly TenantOptions[] = [
  { tenantId: 'warm', spec: { limits, cache: { ttlSeconds: 86_400 } } },
  // Nothing is kept, so every request reads PostgreSQL.
  { tenantId: 'cold', spec: { limits, cache: { ttlSeconds: 0, missingTtlSeconds: 0 } } },
];

export const customerIdOf = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
