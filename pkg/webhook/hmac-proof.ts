/**
 * The check that all HMAC schemes share: whether one of a tenant's keys made one of the digests that a request presents.
 *
 * A scheme reads its headers into a proof; only here is a key used. Every refusal computes the HMACs of all the places for keys
 * and compares each with all the places for signatures, whatever is wrong and however many there are.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { tenantLimits, webhookLimits } from '../process/limits.ts';
import { hmac, hmacKey } from './hmac.ts';
import type { SignedRequest, SigningKey, Verification } from './signature.ts';

/** What a request presents. */
export interface Proof {
  /** What is signed in front of the body. */
  readonly prefix: string;
  /** Digests in hex, any of which may be right. */
  readonly signatures: readonly string[];
  /** Unix seconds; left out by a scheme without time. */
  readonly timestamp?: number;
  readonly messageId?: string | undefined;
}

/** Why there is nothing to check. */
export type NoProof = 'missing_signature' | 'bad_signature';

const noProof: Proof = { prefix: '', signatures: [] };
/** Digests as text, to be compared in constant time. */
const [computed, presented, absent] = [Buffer.alloc(64), Buffer.alloc(64), Buffer.alloc(64)];
/** Stands in for the keys a tenant does not have, so that every refusal costs the same. */
const paddingKey = hmacKey(randomBytes(32));

/** Leaves the digest in `computed`. */
const isAmong = (digest: string, signatures: readonly string[]): boolean => {
  let found = false;
  computed.write(digest, 'latin1');
  for (const signature of signatures) {
    // A whole digest leaves nothing of the one before it.
    if (signature.length !== presented.length) continue;
    presented.write(signature, 'latin1');
    if (timingSafeEqual(computed, presented)) found = true;
  }
  return found;
};

/** What the places without a signature cost. */
const compareAbsent = (places: number): void => {
  for (let place = 0; place < places; place++) timingSafeEqual(computed, absent);
};

/** A right signature of a wrong time is told apart from a wrong one, for the metrics: a clock is off, or a request was repeated
 * too late. Within the tolerance a repeat is the caller's own and is answered. */
export const verifyProof = (
  read: Proof | NoProof,
  { keys, toleranceSeconds }: { readonly keys: readonly SigningKey[]; readonly toleranceSeconds: number },
  { body, now }: SignedRequest,
): Verification => {
  const { prefix, signatures, timestamp = now, messageId } = typeof read === 'string' ? noProof : read;
  const isTimely = Math.abs(now - timestamp) <= toleranceSeconds;
  let isSigned = false;
  for (let keyIndex = 0; keyIndex < tenantLimits.webhookKeysMax; keyIndex++) {
    const key = keys[keyIndex];
    const matches = isAmong(hmac(key ?? paddingKey, prefix, body), signatures) && key !== undefined;
    if (matches && isTimely) return { ok: true, keyIndex, ...(messageId !== undefined && { messageId }) };
    compareAbsent(webhookLimits.signaturesMax - signatures.length);
    isSigned ||= matches;
  }
  if (typeof read === 'string') return { ok: false, reason: read };
  return { ok: false, reason: isSigned ? 'stale_timestamp' : 'bad_signature' };
};
