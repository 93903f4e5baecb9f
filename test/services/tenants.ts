/**
 * Tenants for tests, as the manifests one would apply.
 */
import { createHash } from 'node:crypto';
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
/** Of its object and its Secret: stays the same whoever else is there. */
const nameOf = (tenantId: string): string =>
  `tenant-${createHash('sha256').update(tenantId).digest('hex').slice(0, 12)}`;

export const tenantManifests = (tenants: readonly TenantOptions[]): Gathered => ({
  configs: tenants.map(({ tenantId, secrets = [secretOf(tenantId)], spec = {} }) => ({
    apiVersion: 'dataactions.dev/v1alpha1',
    kind: 'DataActionConfig',
    metadata: { name: nameOf(tenantId), namespace },
    spec: {
      tenantId,
      ...spec,
      webhook: {
        ...(typeof spec.webhook === 'object' ? spec.webhook : {}),
        secretRefs: secrets.map((_, place) => ({ name: nameOf(tenantId), key: `key-${place}` })),
      },
    },
  })),
  secrets: new Map(
    tenants.map(({ tenantId, secrets = [secretOf(tenantId)] }) => [
      `${namespace}/${nameOf(tenantId)}`,
      {
        version: createHash('sha256').update(secrets.join(' ')).digest('hex'),
        data: new Map(secrets.map((secret, place) => [`key-${place}`, Buffer.from(secret)])),
      },
    ]),
  ),
});
