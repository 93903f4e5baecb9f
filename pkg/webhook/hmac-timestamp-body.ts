/**
 * Scheme `HmacTimestampBody`: as `HmacBody`, over the time of signing and the body, so that a request cannot be used for ever.
 *
 * Keeps no list of what it has seen: a repeat within the tolerance is the caller's own.
 */
import { formatDigest } from './digest-text.ts';
import { hmac, parseHmacKey } from './hmac.ts';
import { readSignature } from './hmac-body.ts';
import { type NoProof, type Proof, verifyProof } from './hmac-proof.ts';
import type { SchemeOptions, SignatureScheme, SignedRequest } from './signature.ts';
import { parseUnixSeconds } from './unix-seconds.ts';

const timestampHeader = 'X-CXone-Timestamp';

const readProof = ({ header, encoding }: SchemeOptions, request: SignedRequest): Proof | NoProof => {
  const presented = request.header(header);
  const time = request.header(timestampHeader.toLowerCase());
  if (presented === undefined || time === undefined) return 'missing_signature';
  const signature = readSignature(presented, encoding);
  const timestamp = parseUnixSeconds(time);
  if (signature === undefined || timestamp === undefined) return 'bad_signature';
  return { prefix: `${time}.`, signatures: [signature], timestamp };
};

export const hmacTimestampBody: SignatureScheme = {
  signsBody: true,
  parseKey: parseHmacKey,
  verify: (options, keys, request) =>
    verifyProof(readProof(options, request), { keys, toleranceSeconds: options.toleranceSeconds }, request),
  sign: ({ header, encoding }, key, body, now) => ({
    [timestampHeader]: String(now),
    [header]: formatDigest(hmac(key, `${now}.`, body), encoding),
  }),
};
