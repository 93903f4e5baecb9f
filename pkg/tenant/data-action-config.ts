/**
 * A DataActionConfig as the API server or a YAML file holds it: metadata read as far as it matters, spec closed,
 * status ignored.
 */

import * as t from 'io-ts';
import type { Parsed } from '../errors/problem.ts';
import { type Codec, codec, decode } from './codec.ts';
import { defaulted, open } from './codec-containers.ts';
import { flag, oneOf, text, whole } from './codec-scalars.ts';
import { manifestObject } from './manifest-object.ts';
import { objectName, tenantId } from './names.ts';
import { type TenantSpec, tenantSpec } from './spec.ts';
import { type WebhookSpec, webhookSpec } from './webhook-spec.ts';

export const apiVersion = 'dataactions.dev/v1alpha1';
export const kind = 'DataActionConfig';

export interface ConfigMetadata {
  readonly name: string;
  readonly namespace: string;
  /** Empty when the object comes from a file. */
  readonly uid: string;
  readonly generation: number;
  /** RFC 3339, empty when the object comes from a file. */
  readonly creationTimestamp: string;
  readonly deletionTimestamp?: string;
}

export interface DataActionConfig {
  readonly apiVersion: typeof apiVersion;
  readonly kind: typeof kind;
  readonly metadata: ConfigMetadata;
  readonly spec: TenantSpec;
}

const moment = text({
  max: 40,
  pattern: /^(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z)?$/,
  expected: 'an RFC 3339 time',
});

export const configMetadata: Codec<ConfigMetadata> = open(
  {
    name: objectName,
    namespace: defaulted(objectName, 'default'),
    uid: defaulted(text({ max: 128 }), ''),
    generation: defaulted(whole(0, Number.MAX_SAFE_INTEGER), 1),
    creationTimestamp: defaulted(moment, ''),
  },
  { deletionTimestamp: moment },
);

const ignored: Codec<undefined> = codec('anything', () => t.success(undefined));

const config: Codec<DataActionConfig> = manifestObject(
  { apiVersion: oneOf([apiVersion]), kind: oneOf([kind]), metadata: configMetadata, spec: tenantSpec },
  { status: ignored },
);

export const parseDataActionConfig = (manifest: unknown): Parsed<DataActionConfig> => decode(config, manifest);

/** What can be told of an object whose spec does not parse as a whole. */
export interface ConfigOutline {
  readonly metadata: ConfigMetadata;
  readonly tenantId?: string;
  readonly suspend?: boolean;
  readonly webhook?: WebhookSpec;
}

/** Reads each part by itself and leaves out what does not parse. */
export const outlineConfig = (manifest: unknown): ConfigOutline => {
  const root = fieldsOf(manifest);
  const spec = fieldsOf(root.spec);
  const metadata = decode(configMetadata, root.metadata);
  const id = decode(tenantId, spec.tenantId);
  const suspend = decode(flag, spec.suspend ?? false);
  const webhook = decode(webhookSpec, spec.webhook);
  return {
    metadata: metadata.ok ? metadata.value : nameless,
    ...(id.ok && { tenantId: id.value }),
    ...(suspend.ok && { suspend: suspend.value }),
    ...(webhook.ok && { webhook: webhook.value }),
  };
};

const nameless: ConfigMetadata = { name: '', namespace: '', uid: '', generation: 0, creationTimestamp: '' };

const fieldsOf = (value: unknown): { readonly [field: string]: unknown } =>
  typeof value === 'object' && value !== null ? { ...value } : {};
