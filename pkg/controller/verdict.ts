/**
 * What the controller thinks of one DataActionConfig: the ground of its conditions. Names fields, never values.
 */
import { type Problem, problemText } from '../errors/problem.ts';
import { bundleLimits } from '../process/limits.ts';
import type { Reason } from '../tenant/reasons.ts';

export interface Finding {
  readonly ok: boolean;
  readonly reason: Reason;
  readonly message: string;
  /** What the message is made of, by path from the object's root. */
  readonly problems: readonly Problem[];
}

export interface Verdict {
  readonly namespace: string;
  readonly name: string;
  /** Of the object that was judged; empty when it comes from a file. */
  readonly uid: string;
  readonly generation: number;
  /** Left out when it cannot be told. */
  readonly tenantId?: string;
  /** How many the spec has; left out when it is invalid. */
  readonly actions?: number;
  readonly accepted: Finding;
  readonly secretsResolved: Finding;
}

export const fine: Finding = { ok: true, reason: 'Valid', message: '', problems: [] };

/** @param problems  by path from the object's root */
export const notFine = (reason: Reason, problems: readonly Problem[]): Finding => ({
  ok: false,
  reason,
  problems,
  message: problems.map(problemText).join('; ').slice(0, bundleLimits.messageCharactersMax),
});
