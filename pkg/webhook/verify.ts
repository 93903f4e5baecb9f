/**
 * From an envelope to a verified tenant: the only place that decides whether a request is genuine.
 *
 * Every refusal costs the same: a request of a tenant that does not exist is verified too, with a key nobody has, and where
 * a scheme refuses without an HMAC over the body, the HMACs are computed all the same.
 */
import { randomBytes } from 'node:crypto';
import { hmacKey } from './hmac.ts';
import { hmacBody } from './hmac-body.ts';
import type { SchemeOptions, SignatureScheme, SignedRequest, SigningKey, Verification } from './signature.ts';

/** A tenant's side of the verification, compiled from its configuration. */
export interface KeyRing {
  readonly scheme: SignatureScheme;
  readonly options: SchemeOptions;
  /** Newest first, 1 to 4. */
  readonly keys: readonly SigningKey[];
}

const nobody: KeyRing = {
  scheme: hmacBody,
  options: { header: 'x-cxone-signature', encoding: 'Hex', toleranceSeconds: 300 },
  keys: [hmacKey(randomBytes(32))],
};

/** @param ring  undefined: unknown or suspended tenant */
export const verifySignature = (ring: KeyRing | undefined, request: SignedRequest): Verification => {
  const { scheme, options, keys } = ring ?? nobody;
  const verification = scheme.verify(options, keys, request);
  if (!verification.ok && !scheme.signsBody) nobody.scheme.verify(nobody.options, nobody.keys, request);
  return ring === undefined ? { ok: false, reason: 'unknown_tenant' } : verification;
};
