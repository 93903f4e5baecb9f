/**
 * The label `tenant_id`, bounded: configured tenants alone, and above a bound the rest share `other`. A tenant that goes
 * takes its series with it.
 */
import { processLimits } from '../process/limits.ts';
import type { MetricName } from './metric-names.ts';
import { metricTable } from './metric-table.ts';
import type { Metrics } from './metrics.ts';

export interface TenantLabels {
  add(tenantId: string): void;
  remove(tenantId: string): void;
  /** @returns `none` for requests of no verified tenant */
  label(tenantId: string | undefined): string;
}

const perTenant = Object.entries(metricTable)
  .filter(([, { labels }]) => labels.some((label) => label === 'tenant_id'))
  .map(([name]) => name as MetricName);

export const createTenantLabels = (
  metrics: Pick<Metrics, 'forgetTenant'>,
  tenantsMax: number = processLimits.metricTenantsMax,
): TenantLabels => {
  const known = new Set<string>();
  return {
    add: (tenantId) => {
      if (known.size < tenantsMax) known.add(tenantId);
    },
    remove: (tenantId) => {
      if (known.delete(tenantId)) void metrics.forgetTenant(perTenant, tenantId);
    },
    label: (tenantId) => {
      if (tenantId === undefined) return 'none';
      return known.has(tenantId) ? tenantId : 'other';
    },
  };
};
