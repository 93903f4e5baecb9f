/**
 * A DataActionConfig as the watch holds it: what was declared, as read, apart from what was said about it. The manifest itself is not kept.
 */
import type { ObjectMeta } from '../kubernetes/object-meta.ts';
import { outlineConfig } from '../tenant/data-action-config.ts';
import { type Reading, readConfig } from './candidate.ts';
import { type ConfigStatus, readStatus } from './status.ts';

export interface WatchedConfig {
  readonly meta: ObjectMeta;
  /** The same object for as long as the generation is the same: a status that is written costs no decision. */
  readonly reading: Reading;
  readonly status: ConfigStatus | undefined;
}

/** @param before  what was known under the same name */
export const watchConfig = (object: object, meta: ObjectMeta, before: WatchedConfig | undefined): WatchedConfig => {
  const { status, ...manifest } = { status: undefined, ...object };
  const isSame = before !== undefined && isSameDeclaration(before.reading, manifest);
  return { meta, reading: isSame ? before.reading : readConfig(manifest), status: readStatus(status) };
};

/** What has no generation may be another one each time. */
const isSameDeclaration = ({ outline: { metadata: before } }: Reading, manifest: object): boolean => {
  const { metadata: after } = outlineConfig(manifest);
  return (
    hasGeneration(manifest) &&
    before.uid === after.uid &&
    before.generation === after.generation &&
    before.deletionTimestamp === after.deletionTimestamp
  );
};

const hasGeneration = (manifest: object): boolean => {
  const metadata: unknown = Reflect.get(manifest, 'metadata');
  return typeof metadata === 'object' && metadata !== null && 'generation' in metadata;
};
