/**
 * How far a transaction has come, by what became of the statements of a packet. Pure, so that every way a packet can end is tested.
 */
import { isCommitRefusal, isRefusal } from './pg-error.ts';
import type { BoundStatement, StatementOutcome } from './statement-batch.ts';

/** `waiting`: nothing can have taken effect yet. `committing`: it may hold, or not. */
export type Stage = 'waiting' | 'begun' | 'committing' | 'committed' | 'rolled back';

/** Nothing more can be run in it, and nothing has to be rolled back. */
export const isOver = (stage: Stage): boolean => stage === 'committed' || stage === 'rolled back';

export const mayHold = (stage: Stage): boolean => stage === 'committed' || stage === 'committing';

interface Failure {
  /** Of the statement. */
  readonly index: number;
  readonly error: unknown;
  /** What it is told as. */
  readonly blamed: unknown;
}

/** Undefined if all of them succeeded. Those behind one that was refused fail only because of it. */
export const firstFailure = (
  statements: readonly BoundStatement[],
  outcomes: readonly StatementOutcome[],
): Failure | undefined => {
  for (const [index, outcome] of outcomes.entries()) {
    if (!('error' in outcome)) continue;
    const { error } = outcome;
    // Whoever is to blame, a connection that is gone has to be told from a refusal.
    return { index, error, blamed: isRefusal(error) ? (statements[index]?.blame?.(error) ?? error) : error };
  }
  return undefined;
};

/** After COMMIT, which rolls back behind what was refused. */
const stageAfterCommit = (
  { index, error }: Pick<Failure, 'index' | 'error'>,
  outcomes: readonly StatementOutcome[],
): Stage => {
  const commitIndex = outcomes.length - 1;
  if (index === commitIndex) return isCommitRefusal(error) ? 'begun' : 'committing';
  if (!isRefusal(error)) return 'committing';
  const end = outcomes[commitIndex];
  return end && !('error' in end) ? 'rolled back' : 'begun';
};

/** @param packet  whether BEGIN was its first, and COMMIT its last */
export const stageAfter = (
  failure: Pick<Failure, 'index' | 'error'>,
  outcomes: readonly StatementOutcome[],
  { begins, commits }: { readonly begins: boolean; readonly commits: boolean },
): Stage => {
  // Behind a BEGIN that was refused the session ends (transaction-frame.ts). Behind one that nobody answered everything may have happened.
  if (begins && failure.index === 0 && (isRefusal(failure.error) || !commits)) return 'waiting';
  return commits ? stageAfterCommit(failure, outcomes) : 'begun';
};
