/**
 * Tenants for tests, as the manifests one would apply.
 */
import type { Gathered } from '../../pkg/controller/decide.ts';

export interface TenantOptions {
  readonly tenantId: string;
  /** Newest first; left out: `secretOf(tenantId)`. */
  readonly secrets?: readonly string[];
  /** Anything else of `spec`: limits, cache, audit, actions, suspend. */
  readonly spec?: Readonly<Record<string, unknown>>;
}

/** The secret a test tenant signs with unless the test says otherwise. */
export const secretOf = (tenantId: string): string => `a-secret-for-tests-of-${tenantId}`;

const namespace = 'default';

export const tenantManifests = (tenants: readonly TenantOptions[]): Gathered => ({
  configs: tenants.map(({ tenantId, secrets = [secretOf(tenantId)], spec = {} }, index) => ({
    apiVersion: 'dataactions.dev/v1alpha1',
    kind: 'DataActionConfig',
    metadata: { name: `tenant-${index}`, namespace },
    spec: {
      tenantId,
      ...spec,
      webhook: {
        ...(typeof spec.webhook === 'object' ? spec.webhook : {}),
        secretRefs: secrets.map((_, place) => ({ name: `tenant-${index}`, key: `key-${place}` })),
      },
    },
  })),
  secrets: new Map(
    tenants.map(({ tenantId, secrets = [secretOf(tenantId)] }, index) => [
      `${namespace}/tenant-${index}`,
      {
        version: secrets.join(' '),
        data: new Map(secrets.map((secret, place) => [`key-${place}`, Buffer.from(secret)])),
      },
    ]),
  ),
});
