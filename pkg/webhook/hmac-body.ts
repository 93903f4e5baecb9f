/**
 * Scheme `HmacBody`: HMAC-SHA256 of the raw body in one header, hex (either case, optional `sha256=`) or base64.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { tenantLimits } from '../process/limits.ts';
import type { SchemeOptions, SignatureScheme, SigningKey } from './signature.ts';

const digestBytes = 32;
const hexDigest = /^(?:sha256=)?([0-9a-f]{64})$/i;
const base64Digest = /^[A-Za-z0-9+/]{43}=$/;
const nothing = Buffer.alloc(digestBytes);
/** Stands in for the keys a tenant does not have, so that every refusal costs the same. */
const paddingKey = 'padding: no request can be signed with this key';

const digest = (key: SigningKey, body: Uint8Array): Buffer => createHmac('sha256', key).update(body).digest();

const decode = (text: string, encoding: SchemeOptions['encoding']): Buffer | undefined => {
  if (encoding === 'Base64') return base64Digest.test(text) ? Buffer.from(text, 'base64') : undefined;
  const hex = hexDigest.exec(text)?.[1];
  return hex === undefined ? undefined : Buffer.from(hex, 'hex');
};

export const hmacBody: SignatureScheme = {
  verify: (options, keys, request) => {
    const header = request.header(options.header);
    const presented = header === undefined ? undefined : decode(header.trim(), options.encoding);
    for (let index = 0; index < tenantLimits.webhookKeysMax; index++) {
      const key = keys[index];
      const equal = timingSafeEqual(digest(key ?? paddingKey, request.body), presented ?? nothing);
      if (equal && key !== undefined && presented !== undefined) return { ok: true, keyIndex: index };
    }
    return { ok: false, reason: header === undefined ? 'missing_signature' : 'bad_signature' };
  },
  sign: (options, key, body) => ({
    [options.header]: digest(key, body).toString(options.encoding === 'Base64' ? 'base64' : 'hex'),
  }),
};
