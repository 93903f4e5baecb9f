/**
 * Asks PostgreSQL about a declared statement before any caller does: syntax, names, types and privileges, by planning
 * it with no values. Nothing is executed.
 *
 * Declared are queries and changes of rows alone. EXPLAIN takes other commands too, which could leave something behind in the session that all
 * tenants share: a temporary table hides the real one of its name.
 */
import { type AppError, isAppError } from '../errors/app-error.ts';
import { databaseLimits } from '../process/limits.ts';
import type { Deadline } from '../resilience/deadline.ts';
import type { CompiledStatement } from './compiled-statement.ts';
import type { Database } from './database.ts';
import { breaksConnection, sqlStateOf, toAppError } from './pg-error.ts';
import { lastPlaceholder } from './placeholders.ts';
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

const syntaxError = '42601';
/** What PostgreSQL says of a parameter that the statement does not use, and of a placeholder without one. */
const indeterminateDatatype = '42P18';

/** What is run as it was declared, and stands within nothing: in WITH, PostgreSQL's grammar has queries and changes of rows and no other command. */
const inWith = (declared: string): string => `WITH declared AS (
${declared}
)
SELECT 1`;

const rejected = (sqlState: string | undefined): StatementCheck => ({ verdict: 'rejected', sqlState });

/** @param deadline  for all of it */
export const checkStatement = async (
  database: Database,
  { declared: text, valueCount, statement, boundCount }: CompiledStatement,
  deadline: Deadline,
): Promise<StatementCheck> => {
  // Of the last one PostgreSQL would say it by the number of values, as of a connection that is broken.
  if (lastPlaceholder(text) !== valueCount) return rejected(indeterminateDatatype);
  const isAlone = statement.text === text;
  const whole = await explain(database, isAlone ? inWith(text) : statement.text, boundCount, deadline);
  if (whole && whole.code !== 'statement_failed') return { verdict: 'unknown', error: whole };
  const declared = await explain(database, text, valueCount, deadline);
  if (declared?.code === 'statement_failed') return rejected(sqlStateOf(declared));
  const state = whole && sqlStateOf(whole);
  // Whatever it says of the declared text alone: of a prepared statement, that the connection is broken.
  if (state === syntaxError) return rejected(state);
  if (declared) return { verdict: 'unknown', error: declared };
  if (!whole) return { verdict: 'accepted' };
  // What PostgreSQL does not do in WITH, it does at the top.
  if (isAlone) return { verdict: 'accepted' };
  // Missing audit_log or no right to insert into it: the declared text alone was fine.
  return state === '42P01' || state === '42501' ? { verdict: 'unknown', error: whole } : rejected(state);
};
