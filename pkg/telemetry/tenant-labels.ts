/**
 * The label `tenant_id`, bounded: configured tenants alone, and above a bound the rest share `other`. A tenant that goes
 * takes its series with it.
 */
import { processLimits } from '../process/limits.ts';
import type { MetricName } from './metric-names.ts';
import { metricTable } from './metric-table.ts';
import type { Metrics } from './metrics.ts';

/** What metrics call a tenant at the moment. */
export interface TenantLabel {
  readonly text: string;
}

export interface TenantLabels {
  /** @returns the same one for as long as the tenant is there, but for one of `other`, which another time may find a place */
  add(tenantId: string): TenantLabel;
  remove(tenantId: string): void;
  /** By name, for who has no more of the tenant than that. */
  label(tenantId: string): string;
}

const perTenant = Object.entries(metricTable)
  .filter(([, { labels }]) => labels.some((label) => label === 'tenant_id'))
  .map(([name]) => name as MetricName);

/** For requests of no verified tenant. */
export const noTenant = 'none';

const other: TenantLabel = { text: 'other' };

/** Tenants may be called so, too. */
const isTaken = (tenantId: string): boolean => tenantId === noTenant || tenantId === other.text;

export const createTenantLabels = (
  metrics: Pick<Metrics, 'forgetTenants'>,
  tenantsMax: number = processLimits.metricTenantsMax,
): TenantLabels => {
  const known = new Map<string, { text: string }>();
  /** Their series are still there: those who go together are forgotten together. */
  const gone = new Set<string>();
  const forgetGone = (): void => {
    if (gone.size > 0) metrics.forgetTenants(perTenant, new Set(gone));
    gone.clear();
  };
  return {
    add: (tenantId) => {
      // Who comes back begins anew.
      if (gone.has(tenantId)) forgetGone();
      const before = known.get(tenantId);
      if (before || isTaken(tenantId) || known.size >= tenantsMax) return before ?? other;
      const label = { text: tenantId };
      known.set(tenantId, label);
      return label;
    },
    remove: (tenantId) => {
      const label = known.get(tenantId);
      if (!label) return;
      // Requests that it began with go on.
      label.text = other.text;
      known.delete(tenantId);
      if (gone.size === 0) queueMicrotask(forgetGone);
      gone.add(tenantId);
    },
    label: (tenantId) => (known.get(tenantId) ?? other).text,
  };
};
