/**
 * Asks PostgreSQL about a declared statement before any caller does: syntax, names, types and privileges, by planning
 * it with no values. Nothing is executed.
 */
import { type AppError, isAppError } from '../errors/app-error.ts';
import type { Deadline } from '../resilience/deadline.ts';
import type { CompiledStatement } from './compiled-statement.ts';
import type { Database } from './database.ts';
import { sqlStateOf } from './pg-error.ts';
import { createUnnamedStatement } from './statement.ts';

export type StatementCheck =
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
export const checkStatement = async (
  database: Database,
  compiled: CompiledStatement,
  deadline: Deadline,
): Promise<StatementCheck> => {
  const declared = await explain(database, compiled.declared, compiled.valueCount, deadline);
  if (declared?.code === 'statement_failed') return { verdict: 'rejected', sqlState: sqlStateOf(declared) };
  if (declared) return { verdict: 'unknown', error: declared };
  const whole = await explain(database, compiled.statement.text, compiled.boundCount, deadline);
  if (!whole) return { verdict: 'accepted' };
  const state = sqlStateOf(whole);
  // Missing audit_log or no right to insert into it: the declared text alone was fine.
  const auditLog = state === '42P01' || state === '42501';
  return whole.code === 'statement_failed' && !auditLog
    ? { verdict: 'rejected', sqlState: state }
    : { verdict: 'unknown', error: whole };
};
