/**
 * Reads a Secret's manifest: `data` in base64 and `stringData`, which goes over it. Its version is a salted hash.
 */
import { createHmac } from 'node:crypto';
import { type Parsed, parsed } from '../errors/problem.ts';
import { manifestLimits } from '../process/limits.ts';
import { type Codec, decode, ruled, scalar } from '../tenant/codec.ts';
import { defaulted, open, record } from '../tenant/codec-containers.ts';
import { oneOf, text } from '../tenant/codec-scalars.ts';
import { type ConfigMetadata, configMetadata } from '../tenant/data-action-config.ts';
import { secretKey } from '../tenant/names.ts';
import { objectKey } from './candidate.ts';
import type { SecretContent } from './resolve-secrets.ts';

interface SecretManifest {
  readonly apiVersion: 'v1';
  readonly kind: 'Secret';
  readonly metadata: ConfigMetadata;
  readonly data: Readonly<Record<string, Uint8Array>>;
  readonly stringData: Readonly<Record<string, string>>;
}

const bytes: Codec<Uint8Array> = scalar<Uint8Array>('base64', (value) => {
  if (typeof value !== 'string' || !/^[A-Za-z0-9+/]*={0,2}\s*$/.test(value)) return undefined;
  const decoded = Buffer.from(value, 'base64');
  return decoded.toString('base64') === value.trim() ? decoded : undefined;
});

const bounds = { entriesMax: manifestLimits.secretKeysMax, keyCharactersMax: 253 };

const keyed = <A>(item: Codec<A>): Codec<Readonly<Record<string, A>>> =>
  ruled(record(item, bounds), (value) =>
    Object.keys(value).every((key) => secretKey.is(key)) ? [] : [{ path: '', expected: secretKey.name }],
  );

const secretManifest: Codec<SecretManifest> = open({
  apiVersion: oneOf(['v1']),
  kind: oneOf(['Secret']),
  metadata: configMetadata,
  data: defaulted(keyed(bytes), {}),
  stringData: defaulted(keyed(text({ max: manifestLimits.bytesMax, expected: 'text' })), {}),
});

export interface KeyedSecret {
  /** `namespace/name`. */
  readonly key: string;
  readonly content: SecretContent;
}

export const readSecret = (manifest: unknown, salt: string): Parsed<KeyedSecret> => {
  const read = decode(secretManifest, manifest);
  if (!read.ok) return read;
  const { metadata, data, stringData } = read.value;
  const values = new Map<string, Uint8Array>(Object.entries(data));
  for (const [key, value] of Object.entries(stringData)) values.set(key, Buffer.from(value));
  return parsed({ key: objectKey(metadata), content: { version: versionOf(values, salt), data: values } });
};

const versionOf = (values: ReadonlyMap<string, Uint8Array>, salt: string): string => {
  const hmac = createHmac('sha256', salt);
  for (const [key, value] of [...values].sort(([a], [b]) => (a < b ? -1 : 1))) {
    hmac.update(`${key} ${value.length}\n`).update(value);
  }
  return hmac.digest('hex').slice(0, 32);
};
