/**
 * Statements that take effect together or not at all, on one connection.
 *
 * begun        BEGIN was sent, with the first statement; left for committed, rolled back, or unknown
 * committed    PostgreSQL said so
 * rolled back  nothing holds: ROLLBACK was answered, COMMIT or a statement ahead of it was refused, or the connection ended before
 *              COMMIT was sent
 * unknown      COMMIT was sent and nobody answered, or it was cancelled: it may hold or not
 *
 * What PostgreSQL rolled back only because of others (class 40) is tried again as a whole, with back-off, within the
 * deadline. It knows nothing of what the statements are for.
 */
import { AppError } from '../errors/app-error.ts';
import { type Clock, sleep } from '../process/clock.ts';
import { databaseLimits } from '../process/limits.ts';
import { createBackoff } from '../resilience/backoff.ts';
import type { Deadline } from '../resilience/deadline.ts';
import type { IsolationLevel } from '../tenant/transaction-spec.ts';
import type { Database, RunOnConnection } from './database.ts';
import {
  asConflict,
  breaksConnection,
  isCommitRefusal,
  isRefusal,
  isRolledBackByOthers,
  sqlStateOf,
  toAppError,
} from './pg-error.ts';
import { createStatement, createUnnamedStatement } from './statement.ts';
import type { BoundStatement, RunTogether, StatementOutcome, StatementResult } from './statement-batch.ts';
import { createStatementBound } from './statement-bound.ts';

export type TransactionEnd<T> =
  | { readonly end: 'committed'; readonly value: T }
  | { readonly end: 'rolled_back'; readonly error: AppError }
  | { readonly end: 'unknown'; readonly error: AppError };

interface TransactionOptions {
  readonly clock: Clock;
  readonly isolation: IsolationLevel;
  /** Bounds every statement, lock waits included. */
  readonly deadline: Deadline;
  /** 0 <= x < 1. */
  readonly random?: () => number;
}

/** What is to be sent along with the next statement that is run, or with COMMIT: nobody waits for it by itself, nor reads its rows. */
export type SendAlong = (statement: BoundStatement) => void;

/** May run several times: everything it does has to be done through `run` and `sendAlong`. What it throws rolls back. */
type TransactionWork<T> = (run: RunOnConnection, sendAlong: SendAlong) => Promise<T>;

// Not kept prepared: where a session has lost what it had prepared, BEGIN alone would be refused, and what was sent behind it take effect
// without it. DEFERRABLE means nothing to what may write: transaction-frame.ts tells by it that BEGIN has succeeded.
const begin = {
  ReadCommitted: createUnnamedStatement('BEGIN ISOLATION LEVEL READ COMMITTED DEFERRABLE'),
  RepeatableRead: createUnnamedStatement('BEGIN ISOLATION LEVEL REPEATABLE READ DEFERRABLE'),
  Serializable: createUnnamedStatement('BEGIN ISOLATION LEVEL SERIALIZABLE DEFERRABLE'),
} as const satisfies Record<IsolationLevel, unknown>;
const commit = createStatement('COMMIT');
const rollback = createStatement('ROLLBACK');

interface Failure {
  /** Of the statement. */
  readonly index: number;
  readonly error: unknown;
}

/** Undefined if all of them succeeded. Those behind one that was refused fail only because of it. */
const firstFailure = (
  statements: readonly BoundStatement[],
  outcomes: readonly StatementOutcome[],
): Failure | undefined => {
  for (const [index, outcome] of outcomes.entries()) {
    if (!('error' in outcome)) continue;
    const { error } = outcome;
    // Whoever is to blame, a connection that is gone has to be told from a refusal.
    return { index, error: isRefusal(error) ? (statements[index]?.blame?.(error) ?? error) : error };
  }
  return undefined;
};

/** COMMIT behind what was refused rolls back. */
const isRolledBack = ({ index, error }: Failure, commitIndex: number): boolean =>
  index === commitIndex ? isCommitRefusal(error) : isRefusal(error);

interface Progress {
  stage: 'waiting' | 'begun' | 'committing';
}

/** Sends what there is to say in as few packets as there are answers to wait for, BEGIN ahead of the first. */
const createSender = (
  progress: Progress,
  runTogether: RunTogether,
  { clock, isolation, deadline }: TransactionOptions,
) => {
  const aheadOfIt = createStatementBound({ clock, deadline });
  let waiting: BoundStatement[] = [];

  const send = async (last: BoundStatement, nextStage: 'begun' | 'committing'): Promise<StatementResult> => {
    const begins = progress.stage === 'waiting';
    const ahead = begins ? [{ statement: begin[isolation], values: [] }] : aheadOfIt();
    const statements = [...ahead, ...waiting, last];
    waiting = [];
    progress.stage = nextStage;
    const outcomes = await runTogether(statements);
    const failure = firstFailure(statements, outcomes);
    if (failure) {
      if (begins && nextStage === 'begun' && failure.index === 0) progress.stage = 'waiting';
      if (nextStage === 'committing' && isRolledBack(failure, statements.length - 1)) progress.stage = 'begun';
      throw failure.error;
    }
    const outcome = outcomes[statements.length - 1];
    if (outcome === undefined || 'error' in outcome) throw new TypeError('a statement without an outcome');
    return outcome;
  };
  return { send, sendAlong: (statement: BoundStatement): void => void waiting.push(statement) };
};

const attempt = async <T>(
  database: Database,
  options: TransactionOptions,
  work: TransactionWork<T>,
): Promise<TransactionEnd<T>> => {
  const progress: Progress = { stage: 'waiting' };
  const ended = (error: unknown): TransactionEnd<T> => {
    const failure = asConflict(toAppError(error));
    if (progress.stage === 'waiting') throw failure;
    return { end: progress.stage === 'committing' ? 'unknown' : 'rolled_back', error: failure };
  };
  const session = async (run: RunOnConnection, runTogether: RunTogether): Promise<TransactionEnd<T>> => {
    const { send, sendAlong } = createSender(progress, runTogether, options);
    try {
      const value = await work((statement, values) => send({ statement, values }, 'begun'), sendAlong);
      await send({ statement: commit, values: [] }, 'committing');
      return { end: 'committed', value };
    } catch (error) {
      if (progress.stage === 'waiting' || breaksConnection(error)) throw error;
      await run(rollback, []).catch(() => {
        // The first error is the one to tell; thrown, it costs the connection too.
        throw error;
      });
      return ended(error);
    }
  };
  return database.lend(session, options.deadline).catch(ended);
};

/** @throws overloaded | database_unavailable | deadline_exceeded when it could not begin */
export const runTransaction = async <T>(
  database: Database,
  options: TransactionOptions,
  work: TransactionWork<T>,
): Promise<TransactionEnd<T>> => {
  const { clock, deadline, random } = options;
  const backoff = createBackoff({
    minMs: databaseLimits.transactionRetryMinMs,
    maxMs: databaseLimits.transactionRetryMaxMs,
    ...(random ? { random } : {}),
  });
  for (let attempts = 1; ; attempts++) {
    const result = await attempt(database, options, work);
    if (result.end !== 'rolled_back' || !isRolledBackByOthers(result.error)) return result;
    const pauseMs = backoff.nextMs();
    if (attempts === databaseLimits.transactionAttemptsMax || pauseMs >= deadline.remainingMs()) {
      return { end: 'rolled_back', error: contended(result.error) };
    }
    await sleep(clock, pauseMs);
  }
};

const contended = (cause: AppError): AppError =>
  new AppError('overloaded', {
    message: `others kept rolling it back: SQLSTATE ${sqlStateOf(cause)}`,
    retryAfterMs: databaseLimits.contendedRetryAfterMs,
    cause,
  });
