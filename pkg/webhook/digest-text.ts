/**
 * A SHA-256 digest as headers carry it. Each digest has one form in base64, and in hex one but for the case of its letters.
 */
const hexDigest = /^[0-9a-f]{64}$/i;
/** The last character carries four bits: any other would be a second form of the same digest. */
const base64Digest = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;

export type DigestEncoding = 'Hex' | 'Base64';

/** @returns 32 bytes, or undefined for anything else */
export const parseDigest = (text: string, encoding: DigestEncoding): Buffer | undefined => {
  if (encoding === 'Base64') return base64Digest.test(text) ? Buffer.from(text, 'base64') : undefined;
  return hexDigest.test(text) ? Buffer.from(text, 'hex') : undefined;
};

export const formatDigest = (digest: Buffer, encoding: DigestEncoding): string =>
  digest.toString(encoding === 'Base64' ? 'base64' : 'hex');
