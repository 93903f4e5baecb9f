/**
 * What a tenant declares, as far as callers may know it: no secrets, no statements' whereabouts, nothing of the cluster.
 *
 * A spec from a manifest and an entry of the bundle give the same, so that the CLI and the handler describe alike.
 */
import type { ActionSpec } from '../tenant/action-spec.ts';
import type { TenantLimits } from '../tenant/spec.ts';
import type { WebhookSettings } from '../tenant/webhook-spec.ts';

export interface DeclaredTenant {
  readonly tenantId: string;
  readonly webhook: WebhookSettings;
  readonly batchSize: number;
  readonly actions: readonly ActionSpec[];
}

interface Declaration {
  readonly tenantId: string;
  readonly webhook: WebhookSettings;
  readonly limits: Pick<TenantLimits, 'batchSize'>;
  readonly actions: readonly ActionSpec[];
}

/** Takes what it needs field by field: whatever else `tenant` has stays behind. */
export const declaredTenant = ({ tenantId, webhook, limits, actions }: Declaration): DeclaredTenant => {
  const { scheme, header, encoding, toleranceSeconds } = webhook;
  return { tenantId, webhook: { scheme, header, encoding, toleranceSeconds }, batchSize: limits.batchSize, actions };
};
