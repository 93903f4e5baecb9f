/**
 * One line of a watch: a change, a bookmark, or the failure that an ERROR event stands for.
 */

import { kubernetesLimits } from '../process/limits.ts';
import type { Codec } from '../tenant/codec.ts';
import { decode } from '../tenant/codec.ts';
import { open } from '../tenant/codec-containers.ts';
import { whole } from '../tenant/codec-scalars.ts';
import { type ApiFailure, reasonOfStatus } from './api-result.ts';
import { type ObjectMeta, objectMeta, resourceVersion } from './object-meta.ts';

export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly meta: ObjectMeta; readonly object: object }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string };

type Line = { readonly event: WatchEvent } | { readonly failure: ApiFailure };

const withMeta: Codec<{ readonly metadata: ObjectMeta }> = open({ metadata: objectMeta });
const bookmark: Codec<{ readonly metadata: { readonly resourceVersion: string } }> = open({
  metadata: open({ resourceVersion }),
});

/** metav1.Status, as far as it matters. */
const status: Codec<{ readonly code: number; readonly details?: { readonly retryAfterSeconds?: number } }> = open(
  { code: whole(100, 599) },
  { details: open({}, { retryAfterSeconds: whole(0, Number.MAX_SAFE_INTEGER) }) },
);

export const readWatchEvent = (type: string, object: unknown): Line => {
  if (type === 'ERROR') return { failure: failureOfStatus(object) };
  if (type === 'BOOKMARK') {
    const read = decode(bookmark, object);
    return read.ok ? { event: { type, resourceVersion: read.value.metadata.resourceVersion } } : unreadable;
  }
  if (type !== 'ADDED' && type !== 'MODIFIED' && type !== 'DELETED') return unreadable;
  const read = decode(withMeta, object);
  if (!read.ok || typeof object !== 'object' || object === null) return unreadable;
  return { event: { type, meta: read.value.metadata, object } };
};

const unreadable: Line = { failure: { reason: 'unreadable' } };

const failureOfStatus = (object: unknown): ApiFailure => {
  const read = decode(status, object);
  if (!read.ok) return { reason: 'unreadable' };
  const { code, details } = read.value;
  const seconds = details?.retryAfterSeconds;
  return {
    reason: reasonOfStatus(code),
    status: code,
    ...(seconds !== undefined && { retryAfterMs: Math.min(seconds * 1_000, kubernetesLimits.retryAfterMsMax) }),
  };
};
