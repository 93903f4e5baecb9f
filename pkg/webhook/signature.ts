/**
 * What a signature scheme is: verifies a request with a tenant's keys, and signs one as the caller would.
 *
 * Each scheme is a file of its own; `schemes.ts` lists them.
 */
import { createSecretKey, type KeyObject } from 'node:crypto';

/** A key as node:crypto takes it. A string is four times cheaper than a Buffer, see `signingKey`. */
export type SigningKey = string | KeyObject;

/** What every scheme may look at. */
export interface SignedRequest {
  /** @returns the header's value; repeated headers joined by `, ` as node:http does */
  header(name: string): string | undefined;
  /** Bytes as received. */
  readonly body: Uint8Array;
  /** Unix seconds. */
  readonly now: number;
}

export type FailureReason = 'unknown_tenant' | 'missing_signature' | 'bad_signature' | 'stale_timestamp';

export type Verification =
  /** `keyIndex`: which key matched, 0 = newest. */
  { readonly ok: true; readonly keyIndex: number } | { readonly ok: false; readonly reason: FailureReason };

export interface SchemeOptions {
  /** The signature header's name. */
  readonly header: string;
  readonly encoding: 'Hex' | 'Base64';
  readonly toleranceSeconds: number;
}

export interface SignatureScheme {
  /** Finds which of `keys` signed the request. Takes as long for every refusal, whatever is wrong with it. */
  verify(options: SchemeOptions, keys: readonly SigningKey[], request: SignedRequest): Verification;
  /** @returns the headers a caller sends with `body` */
  sign(options: SchemeOptions, key: SigningKey, body: Uint8Array, now: number): Readonly<Record<string, string>>;
}

/** A secret's bytes as the cheapest key that signs the same: text where they are UTF-8, a KeyObject otherwise. */
export const signingKey = (secret: Uint8Array): SigningKey => {
  const text = Buffer.from(secret).toString('utf8');
  return Buffer.from(text, 'utf8').equals(secret) ? text : createSecretKey(secret);
};
