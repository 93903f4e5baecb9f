/**
 * A DataActionConfig as the watch holds it: what was declared, apart from what was said about it.
 */
import type { ObjectMeta } from '../kubernetes/object-meta.ts';
import { outlineConfig } from '../tenant/data-action-config.ts';
import { type ConfigStatus, readStatus } from './status.ts';

export interface WatchedConfig {
  readonly meta: ObjectMeta;
  /** Without its status. The same object for as long as its generation is the same: a status that is written costs no decision. */
  readonly manifest: object;
  readonly status: ConfigStatus | undefined;
}

/** @param before  what was known under the same name */
export const watchConfig = (object: object, meta: ObjectMeta, before: WatchedConfig | undefined): WatchedConfig => {
  const { status, ...manifest } = { status: undefined, ...object };
  const isSame = before !== undefined && isSameDeclaration(before.manifest, manifest);
  return { meta, manifest: isSame ? before.manifest : manifest, status: readStatus(status) };
};

/** What has no generation may be another one each time. */
const isSameDeclaration = (a: object, b: object): boolean => {
  const [before, after] = [outlineConfig(a).metadata, outlineConfig(b).metadata];
  return (
    hasGeneration(b) &&
    before.uid === after.uid &&
    before.generation === after.generation &&
    before.deletionTimestamp === after.deletionTimestamp
  );
};

const hasGeneration = (manifest: object): boolean => {
  const metadata: unknown = Reflect.get(manifest, 'metadata');
  return typeof metadata === 'object' && metadata !== null && 'generation' in metadata;
};
