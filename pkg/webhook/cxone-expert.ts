/**
 * Scheme `CxoneExpert`: the headers of CXone Expert's webhooks, HMAC-SHA256 over `timestamp.payload`, with this service's JSON
 * envelope as the payload.
 *
 * The delivery id is not signed: whoever can repeat a request can give it another one.
 */
import { formatDigest, parseDigest } from './digest-text.ts';
import { hmac, parseHmacKey } from './hmac.ts';
import { type NoProof, type Proof, verifyProof } from './hmac-proof.ts';
import { createMessageId, isMessageId } from './message-id.ts';
import type { SignatureScheme, SignedRequest } from './signature.ts';
import { parseUnixSeconds } from './unix-seconds.ts';

const headers = {
  signature: 'X-Nexus-Signature-256',
  timestamp: 'X-Nexus-Timestamp',
  deliveryId: 'X-Nexus-Delivery-Id',
} as const;
const algorithm = 'sha256=';

const readProof = (request: SignedRequest): Proof | NoProof => {
  const presented = request.header(headers.signature.toLowerCase());
  const time = request.header(headers.timestamp.toLowerCase());
  const deliveryId = request.header(headers.deliveryId.toLowerCase());
  if (presented === undefined || time === undefined) return 'missing_signature';
  const signature = presented.startsWith(algorithm) ? parseDigest(presented.slice(algorithm.length), 'Hex') : undefined;
  const timestamp = parseUnixSeconds(time);
  if (signature === undefined || timestamp === undefined) return 'bad_signature';
  const messageId = deliveryId !== undefined && isMessageId(deliveryId) ? deliveryId : undefined;
  return { prefix: `${time}.`, signatures: [signature], timestamp, messageId };
};

export const cxoneExpert: SignatureScheme = {
  signsBody: true,
  parseKey: parseHmacKey,
  verify: ({ toleranceSeconds }, keys, request) => verifyProof(readProof(request), { keys, toleranceSeconds }, request),
  sign: ({ messageId = createMessageId() }, key, body, now) => ({
    [headers.signature]: algorithm + formatDigest(hmac(key, `${now}.`, body), 'Hex'),
    [headers.timestamp]: String(now),
    [headers.deliveryId]: messageId,
  }),
};
