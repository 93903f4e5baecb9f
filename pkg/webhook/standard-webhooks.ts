/**
 * Scheme `StandardWebhooks`: symmetric signatures (`v1`) of the Standard Webhooks specification 1.0.0, over
 * `id.timestamp.body`. Asymmetric ones (`v1a`) and versions to come are passed over.
 */
import { parsed, refused } from '../errors/problem.ts';
import { tenantLimits, webhookLimits } from '../process/limits.ts';
import { formatDigest, parseDigest } from './digest-text.ts';
import { hmac, hmacKey } from './hmac.ts';
import { type NoProof, type Proof, verifyProof } from './hmac-proof.ts';
import { createMessageId, isMessageId } from './message-id.ts';
import type { SignatureScheme, SignedRequest } from './signature.ts';
import { parseUnixSeconds } from './unix-seconds.ts';

const version = 'v1,';

/** The first few of `v1,<base64> v1,<base64>`; none of a repeated header, whose parts are joined by a comma and a space. */
const readSignatures = (list: string): readonly string[] => {
  if (list.includes(', ')) return [];
  return list.split(' ', webhookLimits.signaturesMax).flatMap((entry) => {
    const digest = entry.startsWith(version) ? parseDigest(entry.slice(version.length), 'Base64') : undefined;
    return digest === undefined ? [] : [digest];
  });
};

/** An id may hold dots: what could be taken for a message with other boundaries has a body that is no JSON object. */
const readProof = (request: SignedRequest): Proof | NoProof => {
  const messageId = request.header('webhook-id');
  const time = request.header('webhook-timestamp');
  const list = request.header('webhook-signature');
  if (messageId === undefined || time === undefined || list === undefined) return 'missing_signature';
  const timestamp = parseUnixSeconds(time);
  const signatures = readSignatures(list);
  if (!isMessageId(messageId) || timestamp === undefined || signatures.length === 0) return 'bad_signature';
  return { prefix: `${messageId}.${time}.`, signatures, timestamp, messageId };
};

const secretText = /^(?:whsec_)?([A-Za-z0-9+/]+)(={0,2})$/;

/** With or without prefix and padding, as the reference libraries take it. */
const decodeSecret = (secret: Uint8Array): Buffer | undefined => {
  const [, digits = '', padding = ''] = secretText.exec(Buffer.from(secret).toString('latin1')) ?? [];
  const isWhole = padding === '' ? digits.length % 4 !== 1 : (digits.length + padding.length) % 4 === 0;
  const bytes = Buffer.from(digits, 'base64');
  return isWhole && bytes.length >= tenantLimits.secretBytesMin ? bytes : undefined;
};

const secretExpected = `whsec_ and base64 of at least ${tenantLimits.secretBytesMin} bytes, nothing after it (scheme StandardWebhooks)`;

export const standardWebhooks: SignatureScheme = {
  signsBody: true,
  parseKey: (secret, path) => {
    const bytes = decodeSecret(secret);
    return bytes === undefined ? refused([{ path, expected: secretExpected }]) : parsed(hmacKey(bytes));
  },
  verify: ({ toleranceSeconds }, keys, request) => verifyProof(readProof(request), { keys, toleranceSeconds }, request),
  sign: ({ messageId = createMessageId() }, key, body, now) => ({
    'webhook-id': messageId,
    'webhook-timestamp': String(now),
    'webhook-signature': version + formatDigest(hmac(key, `${messageId}.${now}.`, body), 'Base64'),
  }),
};
