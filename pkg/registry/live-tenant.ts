/**
 * A tenant as requests see it: immutable, so that a request finishes on the configuration it began with.
 */
import type { CompiledTenant } from '../actions/compile-tenant.ts';
import type { DeclaredTenant } from '../actions/declared-tenant.ts';
import { type Parsed, type Problem, parsed, refused } from '../errors/problem.ts';
import { bundleLimits } from '../process/limits.ts';
import { createWeakValues } from '../process/weak-values.ts';
import type { Admission } from '../resilience/admission.ts';
import type { TenantLabel } from '../telemetry/tenant-labels.ts';
import type { BundleTenant } from '../tenant/bundle.ts';
import { signatureSchemes } from '../webhook/schemes.ts';
import type { SchemeOptions, SignatureScheme, SigningKey } from '../webhook/signature.ts';
import type { KeyRing } from '../webhook/verify.ts';

export interface LiveTenant {
  readonly tenantId: string;
  /** Here, so that nobody has to look for it by name with each request. */
  readonly label: TenantLabel;
  /** Of the configuration its actions come from. */
  readonly revision: string;
  /** Undefined while suspended: every request is refused as if the tenant did not exist. */
  readonly keyRing: KeyRing | undefined;
  readonly deadlineMs: number;
  /** Shared by all configurations of the tenant: its counts outlive a change. */
  readonly admission: Admission;
  readonly compiled: CompiledTenant;
  /** What `compiled` and `keyRing` were made from, for the description: without secrets. */
  readonly declared: DeclaredTenant;
}

const knownOptions = createWeakValues<SchemeOptions>(bundleLimits.sharedValuesMin);

/** One object for all tenants that have the same: most have. */
const optionsOf = ({ header, encoding, toleranceSeconds }: BundleTenant['webhook']): SchemeOptions => {
  const name = JSON.stringify([header, encoding, toleranceSeconds]);
  const known = knownOptions.get(name);
  if (known) return known;
  const made = { header: header.toLowerCase(), encoding, toleranceSeconds };
  knownOptions.set(name, made);
  return made;
};

/** @returns undefined inside for a suspended tenant; a secret that cannot be a key refuses all, by its place among those that
 * are there */
export const compileKeyRing = ({ suspend, webhook }: BundleTenant): Parsed<KeyRing | undefined> => {
  if (suspend) return parsed(undefined);
  const scheme: SignatureScheme = signatureSchemes[webhook.scheme];
  const keys: SigningKey[] = [];
  const problems: Problem[] = [];
  for (const [place, secret] of webhook.keys.entries()) {
    const key = scheme.parseKey(Buffer.from(secret, 'base64'), `spec.webhook.secretRefs[${place}]`);
    if (key.ok) keys.push(key.value);
    else problems.push(...key.problems);
  }
  if (problems.length > 0) return refused(problems);
  return parsed({ scheme, options: optionsOf(webhook), keys });
};
