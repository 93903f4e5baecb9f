/**
 * Puts the values of Secrets where a spec refers to them. Says what is missing by the field that refers to it.
 */
import { tenantLimits } from '../process/limits.ts';
import type { BundleCxone, BundleWebhook, CxoneSecrets } from '../tenant/bundle.ts';
import type { CxoneSpec } from '../tenant/cxone-spec.ts';
import type { WebhookSpec } from '../tenant/webhook-spec.ts';
import { signatureSchemes } from '../webhook/schemes.ts';
import { type Finding, notFine } from './verdict.ts';

export interface SecretContent {
  /** Changes when the data does; tells nothing about it. */
  readonly version: string;
  readonly data: ReadonlyMap<string, Uint8Array>;
}

/** By `namespace/name`. */
export type Secrets = ReadonlyMap<string, SecretContent>;

/** One Secret as seen from an object of its namespace. */
export type FindSecret = (name: string) => SecretContent | undefined;

export type Resolved<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly finding: Finding };

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** @returns an empty text for what may be missing and is */
const readKey = (
  secret: SecretContent | undefined,
  key: string,
  { field, optional = false, bytesMin }: { field: string; optional?: boolean; bytesMin: number },
): Resolved<string> => {
  const value = secret?.data.get(key);
  if (value === undefined && optional) return { ok: true, value: '' };
  if (secret === undefined) return refuse('SecretNotFound', field, 'a Secret of this namespace');
  if (value === undefined) return refuse('SecretKeyMissing', field, 'a key that the Secret has');
  if (value.length < bytesMin || value.length > tenantLimits.secretBytesMax) {
    return refuse('SecretTooShort', field, `a value of ${bytesMin} to ${tenantLimits.secretBytesMax} bytes`);
  }
  return { ok: true, value: base64(value) };
};

const refuse = (reason: Finding['reason'], path: string, expected: string) =>
  ({ ok: false, finding: notFine(reason, [{ path, expected }]) }) as const;

export const resolveWebhook = ({ secretRefs, ...settings }: WebhookSpec, find: FindSecret): Resolved<BundleWebhook> => {
  const keys: string[] = [];
  const secretVersions: string[] = [];
  for (const [at, { name, key, optional }] of secretRefs.entries()) {
    const secret = find(name);
    const field = `spec.webhook.secretRefs[${at}]`;
    const read = readKey(secret, key, { field, optional, bytesMin: tenantLimits.secretBytesMin });
    if (!read.ok) return read;
    if (secret === undefined || read.value === '') continue;
    // Nothing is wrong with the Secret as such: the spec names a scheme that cannot use it.
    const parsed = signatureSchemes[settings.scheme].parseKey(Buffer.from(read.value, 'base64'), field);
    if (!parsed.ok) return { ok: false, finding: notFine('InvalidSpec', parsed.problems) };
    keys.push(read.value);
    secretVersions.push(secret.version);
  }
  if (keys.length === 0) return refuse('SecretKeyMissing', 'spec.webhook.secretRefs', 'at least one key that is there');
  return { ok: true, value: { ...settings, keys, secretVersions } };
};

export const cxoneKeys = {
  clientId: 'client-id',
  clientSecret: 'client-secret',
  accessKeyId: 'access-key-id',
  accessKeySecret: 'access-key-secret',
} as const satisfies Record<keyof CxoneSecrets, string>;

export const resolveCxone = ({ secretRef, ...settings }: CxoneSpec, find: FindSecret): Resolved<BundleCxone> => {
  const secret = find(secretRef.name);
  const read = (key: string) => readKey(secret, key, { field: `spec.cxone.secretRef (${key})`, bytesMin: 1 });
  const clientId = read(cxoneKeys.clientId);
  const clientSecret = read(cxoneKeys.clientSecret);
  if (!clientId.ok) return clientId;
  if (!clientSecret.ok) return clientSecret;
  const client = { clientId: clientId.value, clientSecret: clientSecret.value };
  const secretVersion = secret?.version ?? '';
  if (settings.grant === 'ClientCredentials')
    return { ok: true, value: { ...settings, secrets: client, secretVersion } };
  const accessKeyId = read(cxoneKeys.accessKeyId);
  const accessKeySecret = read(cxoneKeys.accessKeySecret);
  if (!accessKeyId.ok) return accessKeyId;
  if (!accessKeySecret.ok) return accessKeySecret;
  const secrets = { ...client, accessKeyId: accessKeyId.value, accessKeySecret: accessKeySecret.value };
  return { ok: true, value: { ...settings, secrets, secretVersion } };
};
