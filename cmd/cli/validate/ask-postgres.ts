/**
 * PostgreSQL's word on declared statements: planned there by the same check as the handler's, never run.
 */
import { checkStatement } from '../../../pkg/postgres/check-statement.ts';
import type { CompiledStatement } from '../../../pkg/postgres/compiled-statement.ts';
import { createDatabase, type Database } from '../../../pkg/postgres/database.ts';
import { databaseTrouble } from '../../../pkg/postgres/database-trouble.ts';
import { systemClock as clock } from '../../../pkg/process/clock.ts';
import { databaseLimits } from '../../../pkg/process/limits.ts';
import { createDeadline } from '../../../pkg/resilience/deadline.ts';
import { UsageError } from '../flag.ts';

export interface Judgement {
  /** What PostgreSQL would take instead; left out where it takes the statement. */
  readonly refusal?: string;
  /** The declaration is fine, and the audit log that it writes is not there for this role. */
  readonly withoutAuditLog?: boolean;
}

/** What people look up most. Source: PostgreSQL documentation, appendix "PostgreSQL Error Codes". */
const conditions: Readonly<Record<string, string>> = {
  '0A000': 'an output without RETURNING, or a part in WITH that changes data',
  '42501': 'this role may not do it',
  '42601': 'syntax error',
  '42702': 'ambiguous column',
  '42703': 'no such column',
  '42804': 'a type that does not fit',
  '42883': 'no such function or operator for these types',
  '42P01': 'no such table',
  '42P18': 'a parameter that it does not use, or a placeholder without one',
};

/** @param url  undefined: it is never started */
export const openDatabase = (url = 'postgres://127.0.0.1/'): { database: Database; ready: Promise<void> } => {
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
  // Nobody waits for a database that is not started.
  ready.catch(() => {});
  const database = createDatabase({
    url,
    poolMax: 1,
    poolMin: 0,
    queueMax: 1,
    statementTimeoutMs: databaseLimits.statementTimeoutMs,
    clock,
    hooks: {
      onReady: resolve,
      // The first attempt counts. Its error's text may hold the URL.
      onUnavailable: (error) => reject(new UsageError(`--database: ${databaseTrouble(error)}`)),
    },
  });
  return { database, ready };
};

/** @throws UsageError when it has no verdict to give */
export const askPostgres = async (database: Database, statement: CompiledStatement): Promise<Judgement> => {
  const deadline = createDeadline(clock, 2 * databaseLimits.statementTimeoutMs);
  const check = await checkStatement(database, statement, deadline).finally(() => deadline.close());
  if (check.verdict === 'accepted') return {};
  if (check.verdict === 'unknown') {
    if (check.error.code === 'statement_failed') return { withoutAuditLog: true };
    throw new UsageError('--database: PostgreSQL gave no verdict in time');
  }
  const { sqlState } = check;
  const condition = sqlState === undefined ? undefined : conditions[sqlState];
  const reason = sqlState === undefined ? '' : ` (SQLSTATE ${sqlState}${condition ? `, ${condition}` : ''})`;
  return { refusal: `a statement that PostgreSQL takes${reason}` };
};
