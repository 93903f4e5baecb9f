/**
 * What is kept of a Secret: the values of the keys that DataActionConfigs refer to, and nothing else. Pure.
 */
import type { ObjectMeta } from '../kubernetes/object-meta.ts';
import type { SecretContent } from './resolve-secrets.ts';

export interface KeptSecret extends SecretContent {
  /** Those that were looked for, whether there or not. */
  readonly keys: ReadonlySet<string>;
}

/** @param manifest  as the API server holds it: values in base64 */
export const keepSecret = (
  manifest: object,
  { uid, resourceVersion }: ObjectMeta,
  keys: ReadonlySet<string>,
): KeptSecret => {
  const fields: unknown = Reflect.get(manifest, 'data');
  const data = new Map<string, Uint8Array>();
  if (typeof fields === 'object' && fields !== null) {
    for (const key of keys) {
      const value: unknown = Object.hasOwn(fields, key) ? Reflect.get(fields, key) : undefined;
      if (typeof value === 'string') data.set(key, Buffer.from(value, 'base64'));
    }
  }
  // Says nothing about the values, and is the same in every pod.
  return { version: `${uid}/${resourceVersion}`, data, keys };
};
