/**
 * A tenant's signature scheme as OpenAPI's security schemes: which headers a request carries, and how each is made.
 */
import type { WebhookSettings } from '../tenant/webhook-spec.ts';
import type { JsonSchema } from './json-schema.ts';

const headerScheme = (name: string, description: string): JsonSchema => ({
  type: 'apiKey',
  in: 'header',
  name,
  description,
});

const anyKey = "one of the tenant's keys";
const encodings = { Hex: 'in hex', Base64: 'in Base64' } as const;

/** By name; a request needs all of them. */
export const securitySchemes = (webhook: WebhookSettings): Readonly<Record<string, JsonSchema>> => {
  const { header, encoding, toleranceSeconds } = webhook;
  const fresh = `Unix seconds, at most ${toleranceSeconds} s from now.`;
  switch (webhook.scheme) {
    case 'HmacBody':
      return {
        signature: headerScheme(
          header,
          `HMAC-SHA256 of the body's exact bytes with ${anyKey}, ${encodings[encoding]}.`,
        ),
      };
    case 'HmacTimestampBody':
      return {
        signature: headerScheme(
          header,
          `HMAC-SHA256 of the timestamp, "." and the body's exact bytes with ${anyKey}, ${encodings[encoding]}.`,
        ),
        timestamp: headerScheme('X-CXone-Timestamp', fresh),
      };
    case 'StandardWebhooks':
      return {
        messageId: headerScheme('webhook-id', 'The id of the message, the same for a repeat.'),
        timestamp: headerScheme('webhook-timestamp', fresh),
        signature: headerScheme(
          'webhook-signature',
          `\`v1,\` and HMAC-SHA256 of id, ".", timestamp, "." and the body's exact bytes with ${anyKey}, in Base64: Standard Webhooks. Several are separated by spaces.`,
        ),
      };
    case 'CxoneExpert':
      return {
        signature: headerScheme(
          'X-Nexus-Signature-256',
          `\`sha256=\` and HMAC-SHA256 of the timestamp, "." and the body's exact bytes with ${anyKey}, in hex.`,
        ),
        timestamp: headerScheme('X-Nexus-Timestamp', fresh),
      };
    case 'Bearer':
      return {
        token: { type: 'http', scheme: 'bearer', description: "One of the tenant's keys." },
      };
  }
};
