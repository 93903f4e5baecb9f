/**
 * The signature schemes by the name a DataActionConfig uses. One that is missing here does not compile where it is looked up.
 */
import { bearer } from './bearer.ts';
import { cxoneExpert } from './cxone-expert.ts';
import { hmacBody } from './hmac-body.ts';
import { hmacTimestampBody } from './hmac-timestamp-body.ts';
import type { SignatureScheme } from './signature.ts';
import { standardWebhooks } from './standard-webhooks.ts';

export const signatureSchemes = {
  HmacBody: hmacBody,
  HmacTimestampBody: hmacTimestampBody,
  StandardWebhooks: standardWebhooks,
  CxoneExpert: cxoneExpert,
  Bearer: bearer,
} as const satisfies Readonly<Record<string, SignatureScheme>>;
