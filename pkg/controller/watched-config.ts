/**
 * A DataActionConfig as the watch holds it: what was declared, as read, apart from what was said about it. The manifest itself is not kept.
 */
import type { ObjectMeta } from '../kubernetes/object-meta.ts';
import { revisionOf } from '../tenant/revision.ts';
import { type Reading, readConfig } from './candidate.ts';
import { type ConfigStatus, readStatus } from './status.ts';

export interface WatchedConfig {
  readonly meta: ObjectMeta;
  /** The same object for as long as the same is declared: a status that is written costs no decision. */
  readonly reading: Reading;
  /** Of all that is declared. */
  readonly declared: string;
  readonly status: ConfigStatus | undefined;
}

/** @param before  what was known under the same name */
export const watchConfig = (object: object, meta: ObjectMeta, before: WatchedConfig | undefined): WatchedConfig => {
  const { status, ...manifest } = { status: undefined, ...object };
  const declared = declarationOf(manifest);
  const reading = before?.declared === declared ? before.reading : readConfig(manifest);
  return { meta, reading, declared, status: readStatus(status) };
};

/** The spec itself is in it: an etcd restored from a backup gives its generations out a second time. */
const declarationOf = (manifest: object): string => {
  const { spec, metadata } = { spec: undefined, metadata: undefined, ...manifest };
  const { uid, generation, deletionTimestamp } = Object(metadata);
  return revisionOf(JSON.stringify([uid, generation, deletionTimestamp, spec]));
};
