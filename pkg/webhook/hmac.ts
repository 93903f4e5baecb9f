/**
 * HMAC-SHA256 (RFC 2104) as two one-shot hashes over a key that is prepared once. `createHmac` makes an object of OpenSSL's for each message and
 * leaves it to the garbage collector: in the service that costs a tenth of a cached answer more (docs/performance/history.md).
 */
import { hash } from 'node:crypto';
import { type Parsed, parsed } from '../errors/problem.ts';
import type { SigningKey } from './signature.ts';

/** Of SHA-256. */
const [blockBytes, digestBytes] = [64, 32];
const [innerPad, outerPad] = [0x36, 0x5c];

/** The key's block as the inner and as the outer hash begin with it, one after the other.
 * @returns Latin-1
 * @param secret  of any length; text stands for its UTF-8 */
export const hmacKey = (secret: Uint8Array | string): SigningKey => {
  const [bytes, block] = [Buffer.from(secret), Buffer.alloc(blockBytes)];
  block.set(bytes.length > blockBytes ? hash('sha256', bytes, 'buffer') : bytes);
  return Buffer.concat([innerPad, outerPad].map((pad) => block.map((byte) => byte ^ pad))).toString('latin1');
};

/** `parseKey` of the schemes whose secrets are any bytes. */
export const parseHmacKey = (secret: Uint8Array): Parsed<SigningKey> => parsed(hmacKey(secret));

/** Holds what the inner hash is to read; nearly every message fits. */
const scratch = Buffer.alloc(72 * 1_024);
const outer = Buffer.alloc(blockBytes + digestBytes);

/** @param key  made by `hmacKey`
 * @param prefix  signed in front of the body
 * @returns hex */
export const hmac = (key: SigningKey, prefix: string, body: Uint8Array): string => {
  const bodyAt = blockBytes + Buffer.byteLength(prefix);
  const bytes = bodyAt + body.length;
  const inner = bytes <= scratch.length ? scratch : Buffer.alloc(bytes);
  inner.write(key, 'latin1');
  inner.copy(outer, 0, blockBytes, 2 * blockBytes);
  if (prefix !== '') inner.write(prefix, blockBytes);
  inner.set(body, bodyAt);
  // As Latin-1 a digest is a short string; as a Buffer it would cost as much as its hash.
  outer.write(hash('sha256', inner.subarray(0, bytes), 'binary'), blockBytes, 'binary');
  return hash('sha256', outer, 'hex');
};
