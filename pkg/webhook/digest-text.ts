/**
 * A SHA-256 digest as headers carry it, and as it is compared: in lower-case hex, since a buffer for each costs more than the digest.
 * Each digest has one form in base64, and in hex one but for the case of its letters.
 */
const canonicalHexDigest = /^[0-9a-f]{64}$/;
const hexDigest = new RegExp(canonicalHexDigest, 'i');
/** The last character carries four bits: any other would be a second form of the same digest. */
const base64Digest = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;

export type DigestEncoding = 'Hex' | 'Base64';

/** @returns 64 hex digits, or undefined for anything else */
export const parseDigest = (text: string, encoding: DigestEncoding): string | undefined => {
  if (encoding === 'Base64') return base64Digest.test(text) ? Buffer.from(text, 'base64').toString('hex') : undefined;
  if (canonicalHexDigest.test(text)) return text;
  return hexDigest.test(text) ? text.toLowerCase() : undefined;
};

/** @param digest  hex */
export const formatDigest = (digest: string, encoding: DigestEncoding): string =>
  encoding === 'Base64' ? Buffer.from(digest, 'hex').toString('base64') : digest;
