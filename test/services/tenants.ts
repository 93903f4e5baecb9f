/**
 * Tenants for tests, as the manifests one would apply.
 */
import { createHash } from 'node:crypto';
import type { Gathered } from '../../pkg/controller/decide.ts';
import type { SecretContent } from '../../pkg/controller/resolve-secrets.ts';

export interface TenantOptions {
  readonly tenantId: string;
  /** Newest first; left out: `secretOf(tenantId)`. */
  readonly secrets?: readonly string[];
  /** Anything else of `spec`: limits, cache, audit, actions, suspend. */
  readonly spec?: Readonly<Record<string, unknown>>;
  /** Beside `spec.cxone`, whose secretRef is added: the keys of its Secret. */
  readonly cxoneSecret?: Readonly<Record<string, string>>;
}

/** The secret a test tenant signs with unless the test says otherwise. */
export const secretOf = (tenantId: string): string => `a-secret-for-tests-of-${tenantId}`;

const namespace = 'default';
/** Of its object and its Secret: stays the same whoever else is there. */
const nameOf = (tenantId: string): string =>
  `tenant-${createHash('sha256').update(tenantId).digest('hex').slice(0, 12)}`;

const cxoneNameOf = (tenantId: string): string => `${nameOf(tenantId)}-cxone`;

const contentOf = (data: readonly (readonly [key: string, value: string])[]): SecretContent => ({
  version: createHash('sha256').update(data.flat().join(' ')).digest('hex'),
  data: new Map(data.map(([key, value]) => [key, Buffer.from(value)])),
});

export const tenantManifests = (tenants: readonly TenantOptions[]): Gathered => ({
  configs: tenants.map(({ tenantId, secrets = [secretOf(tenantId)], spec = {} }) => ({
    apiVersion: 'dataactions.dev/v1alpha1',
    kind: 'DataActionConfig',
    metadata: { name: nameOf(tenantId), namespace },
    spec: {
      tenantId,
      ...spec,
      ...(typeof spec.cxone === 'object'
        ? { cxone: { ...spec.cxone, secretRef: { name: cxoneNameOf(tenantId) } } }
        : {}),
      webhook: {
        ...(typeof spec.webhook === 'object' ? spec.webhook : {}),
        secretRefs: secrets.map((_, place) => ({ name: nameOf(tenantId), key: `key-${place}` })),
      },
    },
  })),
  secrets: new Map(
    tenants.flatMap(({ tenantId, secrets = [secretOf(tenantId)], cxoneSecret = {} }) => [
      [`${namespace}/${nameOf(tenantId)}`, contentOf(secrets.map((secret, place) => [`key-${place}`, secret]))],
      [`${namespace}/${cxoneNameOf(tenantId)}`, contentOf(Object.entries(cxoneSecret))],
    ]),
  ),
});
