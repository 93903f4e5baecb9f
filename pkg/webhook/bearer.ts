/**
 * Scheme `Bearer`: a static token in `Authorization`, what a plain Studio script can send.
 *
 * Proves that the caller knows the token and nothing about the body or the time: whoever reads one request can make others.
 */
import { timingSafeEqual } from 'node:crypto';
import { parsed, refused } from '../errors/problem.ts';
import { tenantLimits } from '../process/limits.ts';
import type { SignatureScheme, SigningKey } from './signature.ts';

const tokenText = /^[\x21-\x7e]+$/;
const credentials = /^bearer +([\x21-\x7e]+)$/i;

/** Takes as long for every token that is presented, whatever its length. */
const isToken = (key: SigningKey, presented: Buffer): boolean => {
  const token = Buffer.from(key, 'latin1');
  const hasLength = token.length === presented.length;
  return timingSafeEqual(token, hasLength ? presented : token) && hasLength && token.length > 0;
};

export const bearer: SignatureScheme = {
  signsBody: false,
  parseKey: (secret, path) => {
    const token = Buffer.from(secret).toString('latin1');
    const expected = 'a token of visible ASCII characters alone, no space and no line break (scheme Bearer)';
    return tokenText.test(token) ? parsed(token) : refused([{ path, expected }]);
  },
  verify: (_options, keys, request) => {
    const header = request.header('authorization');
    const presented = Buffer.from(credentials.exec(header ?? '')?.[1] ?? '', 'latin1');
    for (let keyIndex = 0; keyIndex < tenantLimits.webhookKeysMax; keyIndex++) {
      if (isToken(keys[keyIndex] ?? '', presented)) return { ok: true, keyIndex };
    }
    return { ok: false, reason: header === undefined ? 'missing_signature' : 'bad_signature' };
  },
  sign: (_options, key) => ({ Authorization: `Bearer ${key}` }),
};
