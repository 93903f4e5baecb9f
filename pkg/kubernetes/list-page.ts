/**
 * One page of a list as client-node gives it: raw JSON for custom resources, instances of its classes for others, which
 * call `continue` by another name.
 */
import * as t from 'io-ts';
import { kubernetesLimits } from '../process/limits.ts';
import { below, type Codec, codec, mapped, mismatch } from '../tenant/codec.ts';
import { list, open } from '../tenant/codec-containers.ts';
import { text } from '../tenant/codec-scalars.ts';
import { type ObjectMeta, objectMeta, resourceVersion } from './object-meta.ts';

export interface ListItem {
  readonly meta: ObjectMeta;
  readonly object: object;
}

export interface ListPage {
  /** Where a watch goes on. The same for all pages of a list. */
  readonly resourceVersion: string;
  /** Where the next page begins; not there on the last one. */
  readonly continueAt?: string;
  readonly items: readonly ListItem[];
}

const item: Codec<ListItem> = codec('an object with metadata', (value, context) => {
  if (typeof value !== 'object' || value === null) return mismatch(context, 'an object with metadata');
  const meta = objectMeta.validate(Reflect.get(value, 'metadata'), below(context, 'metadata', objectMeta));
  return meta._tag === 'Left' ? meta : t.success({ meta: meta.right, object: value });
});

const token = text({ max: 64 * 1024 });

/** A server that does not page sends all at once. */
const itemsMax = kubernetesLimits.pagesMax * kubernetesLimits.pageObjects;

const raw = open({
  metadata: open({ resourceVersion }, { continue: token, _continue: token }),
  items: list(item, 0, itemsMax),
});

export const listPage: Codec<ListPage> = mapped(raw, ({ metadata, items }) => {
  const continueAt = metadata.continue ?? metadata._continue ?? '';
  return { resourceVersion: metadata.resourceVersion, items, ...(continueAt !== '' && { continueAt }) };
});
