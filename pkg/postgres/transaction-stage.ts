/**
 * How far a transaction has come, by what became of the statements of a packet. Pure, so that every way a packet can end is tested.
 */
import { isCommitRefusal, isRefusal } from './pg-error.ts';
import type { BatchOutcome, BoundStatement } from './statement-batch.ts';

/** `waiting`: nothing can have taken effect yet. `committing`: it may hold, or not. */
export type Stage = 'waiting' | 'begun' | 'committing' | 'committed' | 'rolled back';

/** Nothing more can be run in it, and nothing has to be rolled back. */
export const isOver = (stage: Stage): boolean => stage === 'committed' || stage === 'rolled back';

export const mayHold = (stage: Stage): boolean => stage === 'committed' || stage === 'committing';

export interface Failure {
  /** Of the statement; as many as there are: the packet's own end, which commits what they did. */
  readonly index: number;
  readonly error: unknown;
  /** What it is told as. */
  readonly blamed: unknown;
}

/** Undefined if all of them succeeded. */
export const failureOf = (
  statements: readonly BoundStatement[],
  { results, failure }: BatchOutcome,
): Failure | undefined => {
  if (failure === undefined) return undefined;
  const index = results.length;
  const { error } = failure;
  // Whoever is to blame, a connection that is gone has to be told from a refusal.
  return { index, error, blamed: isRefusal(error) ? (statements[index]?.blame?.(error) ?? error) : error };
};

/** What a packet is of its transaction. */
export interface PacketPart {
  /** BEGIN is its first statement. */
  readonly begins: boolean;
  /** COMMIT is its last; `whole`: it has neither, and is the transaction. */
  readonly ends: 'not' | 'by COMMIT' | 'whole';
  readonly length: number;
}

/** After a packet that failed. */
export const stageAfter = (
  { index, error }: Pick<Failure, 'index' | 'error'>,
  { begins, ends, length }: PacketPart,
): Stage => {
  const refused = isRefusal(error);
  if (begins && index === 0 && (refused || ends === 'not')) return 'waiting';
  if (ends === 'not') return 'begun';
  const commitIndex = ends === 'whole' ? length : length - 1;
  // What fails behind COMMIT is about COMMIT still: it is logged when it is over, and may be cancelled there.
  if (!(index < commitIndex ? refused : isCommitRefusal(error))) return 'committing';
  // PostgreSQL leaves a transaction open that BEGIN has opened, COMMIT or not: what is behind a failure is passed over.
  return ends === 'whole' ? 'rolled back' : 'begun';
};
