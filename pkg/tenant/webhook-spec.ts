/**
 * How a tenant's requests prove that they are genuine: scheme, header and where its keys are.
 */
import { tenantLimits } from '../process/limits.ts';
import { type Codec, scalar } from './codec.ts';
import { defaulted, list } from './codec-containers.ts';
import { flag, oneOf, whole } from './codec-scalars.ts';
import { manifestObject } from './manifest-object.ts';
import { objectName, secretKey } from './names.ts';

export const webhookSchemes = ['HmacBody', 'HmacTimestampBody', 'StandardWebhooks', 'CxoneExpert', 'Bearer'] as const;
export type WebhookScheme = (typeof webhookSchemes)[number];

export const webhookEncodings = ['Hex', 'Base64'] as const;
export type WebhookEncoding = (typeof webhookEncodings)[number];

export interface WebhookSettings {
  readonly scheme: WebhookScheme;
  /** Where HmacBody and HmacTimestampBody look for the signature; the other schemes have their own headers. */
  readonly header: string;
  readonly encoding: WebhookEncoding;
  readonly toleranceSeconds: number;
}

export interface SecretRef {
  readonly name: string;
  readonly key: string;
  /** May be missing, as the place of a previous key is between two rotations. */
  readonly optional: boolean;
}

export interface WebhookSpec extends WebhookSettings {
  /** Newest first. */
  readonly secretRefs: readonly SecretRef[];
}

const notForSignatures =
  /^(?:connection|keep-alive|proxy-authenticate|proxy-authorization|te|trailer|transfer-encoding|upgrade|host|expect|x-cxone-timestamp|content-.*)$/i;

const headerName: Codec<string> = scalar('the name of a header that is free to carry a signature', (value) =>
  typeof value === 'string' &&
  value.length <= tenantLimits.headerCharactersMax &&
  /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(value) &&
  !notForSignatures.test(value)
    ? value
    : undefined,
);

export const webhookFields = {
  scheme: defaulted(oneOf(webhookSchemes), 'HmacBody'),
  header: defaulted(headerName, 'X-CXone-Signature'),
  encoding: defaulted(oneOf(webhookEncodings), 'Hex'),
  toleranceSeconds: defaulted(whole(1, tenantLimits.toleranceSecondsMax), 300),
} as const;

const secretRef: Codec<SecretRef> = manifestObject({
  name: objectName,
  key: secretKey,
  optional: defaulted(flag, false),
});

const secretRefs: Codec<readonly SecretRef[]> = list(secretRef, 1, tenantLimits.webhookKeysMax);

export const webhookSpec: Codec<WebhookSpec> = manifestObject({ ...webhookFields, secretRefs });
