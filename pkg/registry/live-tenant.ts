/**
 * A tenant as requests see it: immutable, so that a request finishes on the configuration it began with.
 */
import type { CompiledTenant } from '../actions/compile-tenant.ts';
import type { DeclaredTenant } from '../actions/declared-tenant.ts';
import { type Parsed, parsed, refused } from '../errors/problem.ts';
import type { Admission } from '../resilience/admission.ts';
import type { BundleTenant } from '../tenant/bundle.ts';
import { isImplementedScheme, signatureSchemes } from '../webhook/schemes.ts';
import { signingKey } from '../webhook/signature.ts';
import type { KeyRing } from '../webhook/verify.ts';

export interface LiveTenant {
  readonly tenantId: string;
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

/** @returns undefined inside for a suspended tenant */
export const compileKeyRing = ({ suspend, webhook }: BundleTenant): Parsed<KeyRing | undefined> => {
  if (suspend) return parsed(undefined);
  const { scheme, header, encoding, toleranceSeconds, keys } = webhook;
  if (!isImplementedScheme(scheme)) {
    return refused([
      { path: 'spec.webhook.scheme', expected: `one of ${Object.keys(signatureSchemes).join(', ')} in this version` },
    ]);
  }
  return parsed({
    scheme: signatureSchemes[scheme],
    options: { header: header.toLowerCase(), encoding, toleranceSeconds },
    keys: keys.map((key) => signingKey(Buffer.from(key, 'base64'))),
  });
};
