/**
 * Revisions: 16 hex digits that change when what they stand for changes. They are published, so no secret's value
 * goes into one; a Secret's `version` does.
 */
import { hash } from 'node:crypto';
import { type ActionSpec, encodeAction } from './action-spec.ts';
import type { BundleTenant } from './bundle.ts';

export const revisionOf = (content: string): string => hash('sha256', content).slice(0, 16);

/** JSON with the fields of every object in order, so that equal values have equal text. */
export const canonicalJson = (value: unknown): string => {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join()}]`;
  const fields: string[] = [];
  for (const [name, part] of Object.entries(value)) {
    if (part !== undefined) fields.push(`${JSON.stringify(name)}:${canonicalJson(part)}`);
  }
  return `{${fields.sort().join()}}`;
};

/** Of the action's declaration alone: the cache's rows live as long as it stays the same. */
export const actionRevision = (action: ActionSpec): string => revisionOf(canonicalJson(encodeAction(action)));

/** Of all that a tenant's line holds but the secrets' values, for which their versions stand. */
export const tenantRevision = (tenant: Omit<BundleTenant, 'revision'>): string => {
  const published = { ...tenant, revision: undefined, webhook: { ...tenant.webhook, keys: undefined } };
  const cxone = tenant.cxone && { ...tenant.cxone, secrets: undefined };
  return revisionOf(canonicalJson({ ...published, cxone }));
};

/** @param tenants  of one shard, in the order of its lines */
export const shardRevision = (tenants: readonly Pick<BundleTenant, 'tenantId' | 'revision'>[]): string =>
  revisionOf(JSON.stringify(tenants.map(({ tenantId, revision }) => [tenantId, revision])));

/** The bundle as a whole. @param shardRevisions  of all shards, in their order */
export const bundleRevision = (shardRevisions: readonly string[]): string => revisionOf(shardRevisions.join(' '));
