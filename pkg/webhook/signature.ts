/**
 * What a signature scheme is: parses a tenant's keys, verifies a request with them, and signs one as the caller would.
 *
 * Each scheme is a file of its own; `schemes.ts` lists them.
 */
import type { Parsed } from '../errors/problem.ts';

/** A key as its scheme's `parseKey` has prepared it: of use to that scheme alone. Bytes as Latin-1, which are one place of memory, where a
 * Buffer is three. */
export type SigningKey = string;

/** What every scheme may look at. */
export interface SignedRequest {
  /** @param name  in lower case     @returns the header's value; repeated headers joined by `, ` */
  header(name: string): string | undefined;
  /** Bytes as received. */
  readonly body: Uint8Array;
  /** Unix seconds. */
  readonly now: number;
}

export type FailureReason = 'unknown_tenant' | 'missing_signature' | 'bad_signature' | 'stale_timestamp';

export type Verification =
  | {
      readonly ok: true;
      /** Which key matched, 0 = newest. */
      readonly keyIndex: number;
      /** The scheme's own name for the message, the same in every repeat; 1 to 255 visible ASCII characters. */
      readonly messageId?: string;
    }
  | { readonly ok: false; readonly reason: FailureReason };

export interface SchemeOptions {
  /** The signature header's name, in lower case to verify. */
  readonly header: string;
  readonly encoding: 'Hex' | 'Base64';
  /** How far a request's time may be from ours, in either direction. */
  readonly toleranceSeconds: number;
}

export interface SignOptions extends SchemeOptions {
  /** For the schemes that have one; made up where left out. */
  readonly messageId?: string;
}

export interface SignatureScheme {
  /** False: a refusal computes no HMAC over the body, and verify.ts does so in its place. */
  readonly signsBody: boolean;
  /** @param path  where the secret is declared, for the problem of one that cannot be a key of this scheme */
  parseKey(secret: Uint8Array, path: string): Parsed<SigningKey>;
  /** Finds which of `keys` signed the request. Takes as long for every refusal, whatever is wrong with it. */
  verify(options: SchemeOptions, keys: readonly SigningKey[], request: SignedRequest): Verification;
  /** @param now  Unix seconds     @returns the headers a caller sends with `body` */
  sign(options: SignOptions, key: SigningKey, body: Uint8Array, now: number): Readonly<Record<string, string>>;
}
