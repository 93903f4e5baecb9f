/**
 * After a list or a watch has ended: whether the position in the stream is still good, and how long to wait. Pure.
 */
import { kubernetesLimits } from '../process/limits.ts';
import type { ApiFailure, ApiFailureReason } from './api-result.ts';

export type RelistReason = 'start' | 'gone' | 'missed' | 'disorder' | 'failed';

export interface Step {
  /** Set: the position is given up, and everything is listed again. */
  readonly relist?: RelistReason;
  /** Set: not before a back-off, and not before this. */
  readonly waitMs?: number;
}

/** The position stays good when these end a watch: nothing was wrong with it. */
const keepsPosition: ReadonlySet<ApiFailureReason> = new Set<ApiFailureReason>([
  'unauthorized',
  'forbidden',
  'throttled',
  'unreachable',
  'untrusted',
  'no_credentials',
  'timed_out',
]);

const serviceUnavailable = 503;

const unreached: ReadonlySet<ApiFailureReason> = new Set<ApiFailureReason>(['unreachable', 'untrusted', 'timed_out']);

/** The server had no part in it: asking again soon costs it nothing, and finds it soon after its return. */
export const isUnreached = ({ reason }: ApiFailure): boolean => unreached.has(reason);

/** A quiet kind looks like a dead connection. Whether it is one shows when a watch is opened again. */
export const isFailure = (end: ApiFailure | undefined): end is ApiFailure =>
  end !== undefined && end.reason !== 'silent';

export interface WatchPast {
  /** How long the watch lived. */
  readonly livedMs: number;
  /** It began where a list had just ended. */
  readonly isFirst: boolean;
}

export const stepAfterWatch = (end: ApiFailure | undefined, { livedMs, isFirst }: WatchPast): Step => {
  const isShort = livedMs < kubernetesLimits.watchShortMs;
  if (!isFailure(end)) return isShort ? { waitMs: 0 } : {};
  // The list that follows waits when it fails; a server that says "gone" to every list's version is not asked faster. An old position
  // that is gone, as after an outage, says nothing about the next one.
  if (end.reason === 'gone') return isShort && isFirst ? { relist: 'gone', waitMs: 0 } : { relist: 'gone' };
  const waitMs = end.retryAfterMs ?? 0;
  const keeps = keepsPosition.has(end.reason) || end.status === serviceUnavailable;
  return keeps ? { waitMs } : { relist: 'failed', waitMs };
};

export const stepAfterFailedList = (failure: ApiFailure): Step => ({ waitMs: failure.retryAfterMs ?? 0 });
