/**
 * Scheme `HmacBody`: HMAC-SHA256 of the raw body in one header, hex (either case, optional `sha256=`) or base64.
 */
import { formatDigest, parseDigest } from './digest-text.ts';
import { hmac, parseHmacKey } from './hmac.ts';
import { type NoProof, type Proof, verifyProof } from './hmac-proof.ts';
import type { SchemeOptions, SignatureScheme } from './signature.ts';

/** Of a digest in hex: what is longer may have the prefix. */
const hexLength = 64;

/** The digest of a header whose name and encoding are the tenant's to choose. */
export const readSignature = (header: string | undefined, encoding: SchemeOptions['encoding']): string | undefined => {
  const text = header?.trim() ?? '';
  return parseDigest(encoding === 'Hex' && text.length > hexLength ? text.replace(/^sha256=/i, '') : text, encoding);
};

const readProof = (header: string | undefined, encoding: SchemeOptions['encoding']): Proof | NoProof => {
  if (header === undefined) return 'missing_signature';
  const signature = readSignature(header, encoding);
  return signature === undefined ? 'bad_signature' : { prefix: '', signatures: [signature] };
};

export const hmacBody: SignatureScheme = {
  signsBody: true,
  parseKey: parseHmacKey,
  verify: ({ header, encoding, toleranceSeconds }, keys, request) =>
    verifyProof(readProof(request.header(header), encoding), { keys, toleranceSeconds }, request),
  sign: ({ header, encoding }, key, body) => ({ [header]: formatDigest(hmac(key, '', body), encoding) }),
};
