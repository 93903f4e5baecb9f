/**
 * Asks PostgreSQL about a declared statement before any caller does: syntax, names, types and privileges, by planning
 * it with no values. Nothing is executed.
 */
import { type AppError, isAppError } from '../errors/app-error.ts';
import { databaseLimits } from '../process/limits.ts';
import type { Deadline } from '../resilience/deadline.ts';
import type { CompiledStatement } from './compiled-statement.ts';
import type { Database } from './database.ts';
import { breaksConnection, sqlStateOf, toAppError } from './pg-error.ts';
import { createStatement, createUnnamedStatement } from './statement.ts';

export type StatementCheck =
  | { readonly verdict: 'accepted' }
  /** The declaration is to blame. */
  | { readonly verdict: 'rejected'; readonly sqlState: string | undefined }
  /** The database is: away, or without a usable audit_log. */
  | { readonly verdict: 'unknown'; readonly error: AppError };

const nulls = (count: number): readonly null[] => Array.from({ length: count }, () => null);

// A lock that is not there is not waited for: whoever asks has others to ask about, and asks again.
const bound = createStatement(`SELECT set_config('lock_timeout', '${databaseLimits.checkLockTimeoutMs}', true)`);

/** @returns why PostgreSQL does not plan it, or cannot be asked */
const explain = async (
  database: Database,
  text: string,
  count: number,
  deadline: Deadline,
): Promise<AppError | undefined> => {
  // The options in parentheses leave no place for more of them: a declared `ANALYZE …` would be executed after a bare EXPLAIN.
  const statement = createUnnamedStatement(`EXPLAIN (COSTS OFF) ${text}`);
  const statements = [
    { statement: bound, values: [] },
    { statement, values: nulls(count) },
  ];
  try {
    return await database.lend(
      async (_run, runTogether) => {
        const { failure } = await runTogether(statements);
        if (failure && breaksConnection(failure.error)) throw failure.error;
        return failure && toAppError(failure.error);
      },
      deadline,
      'statement_timeout',
    );
  } catch (error) {
    if (isAppError(error)) return error;
    throw error;
  }
};

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
