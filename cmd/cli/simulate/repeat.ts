/**
 * Whether the caller tries again. Pure.
 *
 * Known: by itself, up to two more times after a failure. Not known, so options with a guess as default: what counts as a failure,
 * whether it pauses, and whether it follows Retry-After.
 */
import { requestLimits } from '../../../pkg/process/limits.ts';
import type { Outcome } from './outcome.ts';

export const failureKinds = ['network', 'timeout', '5xx', '429', '4xx'] as const;

export type FailureKind = (typeof failureKinds)[number];

export interface RepeatPolicy {
  /** After the first try. */
  readonly repeats: number;
  readonly on: ReadonlySet<FailureKind>;
  readonly delayMs: number;
  readonly honourRetryAfter: boolean;
}

/** All the names an outcome goes by. */
const namesOf = (outcome: Outcome): readonly FailureKind[] => {
  if (outcome.kind === 'network' || outcome.kind === 'timeout') return [outcome.kind];
  if (outcome.kind === 'given_up') return [];
  if (outcome.status >= 500) return ['5xx'];
  if (outcome.status === 429) return ['429', '4xx'];
  return outcome.status >= 400 ? ['4xx'] : [];
};

export const isFailure = (outcome: Outcome, on: ReadonlySet<FailureKind>): boolean =>
  namesOf(outcome).some((name) => on.has(name));

/** @param repeated  how often it was tried again so far
 * @returns  milliseconds until the next try, undefined for none */
export const repeatAfterMs = (policy: RepeatPolicy, outcome: Outcome, repeated: number): number | undefined => {
  if (repeated >= policy.repeats || !isFailure(outcome, policy.on)) return undefined;
  const asked = outcome.kind === 'answer' && policy.honourRetryAfter ? (outcome.retryAfterMs ?? 0) : 0;
  return Math.min(Math.max(policy.delayMs, asked), requestLimits.callerWaitMsMax);
};
