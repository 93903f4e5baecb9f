/**
 * The verdict on one DataActionConfig, and the tenant that comes of it. Pure.
 *
 * What is invalid or lacks a secret leaves the object's previous entry in place, except that `suspend` and, where they resolve, the
 * keys follow the new manifest: a compromised key has to go whatever else is wrong.
 */
import { bundleLimits } from '../process/limits.ts';
import { type BundleTenant, encodeTenantLine } from '../tenant/bundle.ts';
import { tenantRevision } from '../tenant/revision.ts';
import type { TenantSpec } from '../tenant/spec.ts';
import type { Candidate } from './candidate.ts';
import { type FindSecret, type Resolved, resolveCxone, resolveWebhook } from './resolve-secrets.ts';
import { type Finding, fine, notFine, type Verdict } from './verdict.ts';

export interface Circumstances {
  /** Name of the older object that has the tenant; not there when it is this one's own. */
  readonly holder: string | undefined;
  /** The bundle takes its tenant. */
  readonly hasPlace: boolean;
  readonly find: FindSecret;
}

export interface Outcome {
  readonly tenant?: BundleTenant | undefined;
  readonly verdict: Verdict;
}

export type Judge = (candidate: Candidate, circumstances: Circumstances) => Outcome;

export const judge: Judge = (candidate, { holder, hasPlace, find }) => {
  const { spec } = candidate;
  if (!spec.ok) {
    const accepted = notFine('InvalidSpec', spec.problems);
    const webhook = webhookOfOutline(candidate, find);
    const secretsResolved = webhook === undefined ? accepted : findingOf(webhook);
    const tenant = holder === undefined && hasPlace ? withNewKeys(candidate, webhook) : undefined;
    return { tenant, verdict: verdictOf(candidate, accepted, secretsResolved) };
  }
  if (holder !== undefined) {
    const taken = notFine('DuplicateTenant', [
      { path: 'spec.tenantId', expected: `a tenant that no older object has, as ${holder} does` },
    ]);
    return { verdict: verdictOf(candidate, taken, taken) };
  }
  if (!hasPlace) {
    const expected = `one of the ${bundleLimits.tenantsMax} tenants that have the oldest objects`;
    const beyond = notFine('TooManyTenants', [{ path: 'spec.tenantId', expected }]);
    return { verdict: verdictOf(candidate, beyond, beyond) };
  }
  const resolved = resolve(candidate, spec.value, find);
  if (resolved.ok && !fitsLine(resolved.value, candidate.previous)) {
    const expected = `at most ${bundleLimits.lineBytesMax} bytes as JSON, secrets included`;
    const accepted = notFine('InvalidSpec', [{ path: 'spec', expected }]);
    const { webhook } = resolved.value;
    return {
      tenant: withNewKeys(candidate, { ok: true, value: webhook }),
      verdict: verdictOf(candidate, accepted, fine),
    };
  }
  const tenant = resolved.ok ? resolved.value : withNewKeys(candidate, resolveWebhook(spec.value.webhook, find));
  return { tenant, verdict: verdictOf(candidate, fine, findingOf(resolved)) };
};

/** One line too long would cost the other tenants of its shard. Measured only when the tenant changed. */
const fitsLine = (tenant: BundleTenant, previous: BundleTenant | undefined): boolean =>
  tenant.revision === previous?.revision || Buffer.byteLength(encodeTenantLine(tenant)) <= bundleLimits.lineBytesMax;

const findingOf = (resolved: Resolved<unknown>): Finding => (resolved.ok ? fine : resolved.finding);

const verdictOf = ({ outline, spec, tenantId }: Candidate, accepted: Finding, secretsResolved: Finding): Verdict => ({
  namespace: outline.metadata.namespace,
  name: outline.metadata.name,
  uid: outline.metadata.uid,
  generation: outline.metadata.generation,
  ...(tenantId !== undefined && { tenantId }),
  ...(spec.ok && { actions: spec.value.actions.length }),
  accepted,
  secretsResolved,
});

/** The entry of a valid object whose secrets are all there. */
const resolve = (candidate: Candidate, spec: TenantSpec, find: FindSecret): Resolved<BundleTenant> => {
  const webhook = resolveWebhook(spec.webhook, find);
  if (!webhook.ok) return webhook;
  const cxone = spec.cxone && resolveCxone(spec.cxone, find);
  if (cxone !== undefined && !cxone.ok) return cxone;
  const { webhook: _webhook, cxone: _cxone, ...shared } = spec;
  const { namespace, name, uid, generation } = candidate.outline.metadata;
  const source = { namespace, name, uid, generation };
  const tenant = { ...shared, source, webhook: webhook.value, ...(cxone && { cxone: cxone.value }) };
  return { ok: true, value: withRevision(tenant) };
};

const withRevision = (tenant: Omit<BundleTenant, 'revision'>): BundleTenant => ({
  ...tenant,
  revision: tenantRevision(tenant),
});

const webhookOfOutline = ({ outline }: Candidate, find: FindSecret) =>
  outline.webhook && resolveWebhook(outline.webhook, find);

/** The previous entry of the object, if there is one, with what may not wait for the rest to be put right. */
const withNewKeys = (
  { previous, outline }: Candidate,
  webhook: ReturnType<typeof webhookOfOutline>,
): BundleTenant | undefined => {
  if (previous === undefined) return undefined;
  const { revision: _revision, ...kept } = previous;
  return withRevision({
    ...kept,
    suspend: outline.suspend ?? previous.suspend,
    webhook: webhook?.ok ? webhook.value : previous.webhook,
  });
};
