/**
 * Asks PostgreSQL about a declared statement before any caller does: syntax, names, types and privileges, by planning
 * it with no values. Nothing is executed.
 */
import { type AppError, isAppError } from '../errors/app-error.ts';
import type { Deadline } from '../resilience/deadline.ts';
import type { Database } from './database.ts';
import { boundCount, type LookupStatement } from './lookup-statement.ts';
import { sqlStateOf } from './pg-error.ts';
import { createUnnamedStatement } from './statement.ts';

export type LookupCheck =
  | { readonly verdict: 'accepted' }
  /** The declaration is to blame. */
  | { readonly verdict: 'rejected'; readonly sqlState: string | undefined }
  /** The database is: away, or without a usable audit_log. */
  | { readonly verdict: 'unknown'; readonly error: AppError };

const nulls = (count: number): readonly null[] => Array.from({ length: count }, () => null);

// The options in parentheses leave no place for more of them: a declared `ANALYZE …` would be executed after a bare EXPLAIN.
const explain = (database: Database, text: string, count: number, deadline: Deadline) =>
  database.query(createUnnamedStatement(`EXPLAIN (COSTS OFF) ${text}`), nulls(count), deadline).then(
    () => undefined,
    (error: unknown) => {
      if (isAppError(error)) return error;
      throw error;
    },
  );

/** @param deadline  for all of it */
export const checkLookup = async (
  database: Database,
  lookup: LookupStatement,
  deadline: Deadline,
): Promise<LookupCheck> => {
  const declared = await explain(database, lookup.declared, lookup.valueCount, deadline);
  if (declared?.code === 'statement_failed') return { verdict: 'rejected', sqlState: sqlStateOf(declared) };
  if (declared) return { verdict: 'unknown', error: declared };
  const whole = await explain(database, lookup.statement.text, boundCount(lookup), deadline);
  if (!whole) return { verdict: 'accepted' };
  const state = sqlStateOf(whole);
  // Missing audit_log or no right to insert into it: the declared text alone was fine.
  const auditLog = state === '42P01' || state === '42501';
  return whole.code === 'statement_failed' && !auditLog
    ? { verdict: 'rejected', sqlState: state }
    : { verdict: 'unknown', error: whole };
};
