/**
 * How far a transaction has come, by what became of the statements of a packet, and with it what its TransactionEnd is. Pure, so that every way a
 * packet can end is tested.
 *
 * waiting      at first, and again where BEGIN failed: nothing can have taken effect; left with the next packet. It has no end: what failed is thrown
 * begun        a packet was sent that does not commit, or PostgreSQL has passed over COMMIT behind a failure; left with the packet that commits. Its
 *              end is rolled_back: by ROLLBACK, or with the connection
 * committing   a packet was sent that commits; left when that is answered. Its end is unknown: nobody answered, or the commit was cancelled
 * committed    PostgreSQL said so; never left. Its end is committed, but unknown where its work fails behind it
 * rolled_back  a packet that is all of it was refused; never left. Its end is rolled_back
 */
import { isCommitRefusal, isRefusal } from './pg-error.ts';
import type { Failure } from './statement-batch.ts';

export type Stage = 'waiting' | 'begun' | 'committing' | 'committed' | 'rolled_back';

/** Nothing more can be run in it, and nothing has to be rolled back. */
export const isOver = (stage: Stage): boolean => stage === 'committed' || stage === 'rolled_back';

export const mayHold = (stage: Stage): boolean => stage === 'committed' || stage === 'committing';

/** What a packet is of its transaction. */
export interface PacketPart {
  /** BEGIN is its first statement. */
  readonly begins: boolean;
  /** `by_commit`: COMMIT is its last; `whole`: it has neither, and is the transaction. */
  readonly ends: 'not' | 'by_commit' | 'whole';
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
  return ends === 'whole' ? 'rolled_back' : 'begun';
};
