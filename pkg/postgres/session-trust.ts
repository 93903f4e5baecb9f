/**
 * Whether a connection may be used again after PostgreSQL has refused something on it: one answer, however it was used.
 *
 * A declared statement may have changed the session that all share (a function that sets search_path or the role), and others then name what is
 * not there, or not for that role. What is refused so by another session too, and by none has been run in between, is not there at all: a table
 * that was dropped, a right that was revoked. A new connection for each refusal would help nobody then.
 */
import { breaksConnection, isNameFault } from './pg-error.ts';
import type { BatchOutcome, BoundStatement } from './statement-batch.ts';

export interface SessionTrust {
  /** @returns false where the connection should be closed */
  isFitAfter(statements: readonly BoundStatement[], outcome: BatchOutcome): boolean;
}

/** @param textsMax  remembered at once; beyond it the one that was refused first is forgotten, and costs a connection once more */
export const createSessionTrust = (textsMax: number): SessionTrust => {
  /** Texts that cost a connection when they were last refused, and have not been run since. */
  const refused = new Set<string>();

  const noteRun = (statements: readonly BoundStatement[]): void => {
    if (refused.size > 0) for (const { statement } of statements) refused.delete(statement.text);
  };

  const isKnownAs = (text: string): boolean => {
    if (refused.has(text)) return true;
    const [oldest] = refused.size >= textsMax ? refused : [];
    if (oldest !== undefined) refused.delete(oldest);
    refused.add(text);
    return false;
  };

  return {
    isFitAfter: (statements, { results, failure }) => {
      noteRun(statements.slice(0, results.length));
      if (!failure) return true;
      if (isNameFault(failure.error)) return isKnownAs(statements[results.length]?.statement.text ?? '');
      return !breaksConnection(failure.error);
    },
  };
};
