/**
 * What the handler last said of each tenant, put together from whole reports and from those of what changed. A change costs what changed.
 */
import type { ConfigReport, TenantReport } from '../tenant/report.ts';

export interface HeardTenants {
  get(tenantId: string): TenantReport | undefined;
  /** @returns the tenants of which it says something else than before */
  take(report: ConfigReport): readonly string[];
  /** Nothing is known any more. @returns the tenants of which something was */
  clear(): readonly string[];
  /** One of them at least waits for something. */
  waits(): boolean;
}

export const createHeardTenants = (): HeardTenants => {
  const tenants = new Map<string, TenantReport>();
  const waiting = new Set<string>();

  const set = (report: TenantReport): boolean => {
    const { tenantId, state } = report;
    const isNews = !isSame(tenants.get(tenantId), report);
    tenants.set(tenantId, report);
    if (state === 'Waiting') waiting.add(tenantId);
    else waiting.delete(tenantId);
    return isNews;
  };
  const remove = (tenantId: string): boolean => {
    waiting.delete(tenantId);
    return tenants.delete(tenantId);
  };

  return {
    get: (tenantId) => tenants.get(tenantId),
    take: ({ since, tenants: said, removed = [] }) => {
      const changed = said.filter(set).map(({ tenantId }) => tenantId);
      return [...changed, ...(since === undefined ? missing(tenants, said) : removed).filter(remove)];
    },
    clear: () => [...tenants.keys()].filter(remove),
    waits: () => waiting.size > 0,
  };
};

/** Those of which a whole report says nothing. */
const missing = (known: ReadonlyMap<string, TenantReport>, said: readonly TenantReport[]): readonly string[] => {
  const present = new Set(said.map(({ tenantId }) => tenantId));
  return [...known.keys()].filter((tenantId) => !present.has(tenantId));
};

const isSame = (a: TenantReport | undefined, b: TenantReport): boolean =>
  a?.revision === b.revision &&
  a.state === b.state &&
  a.serving === b.serving &&
  a.reason === b.reason &&
  a.message === b.message;
