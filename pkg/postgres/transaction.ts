/**
 * Statements that take effect together or not at all, on one connection.
 *
 * Its states, and the end that each of them makes: transaction-stage.ts. What PostgreSQL rolled back only because of others (class 40) is tried
 * again as a whole, with back-off, within the deadline. It knows nothing of what the statements are for.
 */
import { AppError } from '../errors/app-error.ts';
import { type Clock, sleep } from '../process/clock.ts';
import { databaseLimits, refusalLimits } from '../process/limits.ts';
import { createBackoff } from '../resilience/backoff.ts';
import type { Deadline } from '../resilience/deadline.ts';
import type { IsolationLevel } from '../tenant/transaction-spec.ts';
import type { Database, RunOnConnection } from './database.ts';
import { asConflict, breaksConnection, isRolledBackByOthers, sqlStateOf, toAppError } from './pg-error.ts';
import { createStatement } from './statement.ts';
import { type BoundStatement, failureOf, type RunTogether, type StatementResult } from './statement-batch.ts';
import { createStatementBound } from './statement-bound.ts';
import { isOver, mayHold, type Stage, stageAfter } from './transaction-stage.ts';

/** `rolled_back`: nothing holds. `unknown`: it may hold or not. */
export type TransactionEnd<T> =
  | { readonly end: 'committed'; readonly value: T }
  | { readonly end: 'rolled_back'; readonly error: AppError }
  | { readonly end: 'unknown'; readonly error: AppError };

interface TransactionOptions {
  readonly clock: Clock;
  readonly isolation: IsolationLevel;
  /** Bounds every statement, lock waits included: PostgreSQL itself ends what outlives it. */
  readonly deadline: Deadline;
}

/** What is to be sent along with the next statement that is run, or with COMMIT: nobody waits for it by itself, nor reads its rows. */
export type SendAlong = (statement: BoundStatement) => void;

export interface TransactionSession {
  readonly sendAlong: SendAlong;
  readonly run: RunOnConnection;
  /** Several in one packet, with what is to be sent along.
   * @param end  `commit`: they are committed by the same packet, and nothing can be run after it
   * @returns one result for each
   * @throws what the first that PostgreSQL refused is to be blamed with */
  runAll(statements: readonly BoundStatement[], end?: 'commit'): Promise<readonly StatementResult[]>;
}

/** May run several times: everything it does has to be done through its session. What it throws rolls back. */
type TransactionWork<T> = (session: TransactionSession) => Promise<T>;

const begin = {
  ReadCommitted: createStatement('BEGIN ISOLATION LEVEL READ COMMITTED'),
  RepeatableRead: createStatement('BEGIN ISOLATION LEVEL REPEATABLE READ'),
  Serializable: createStatement('BEGIN ISOLATION LEVEL SERIALIZABLE'),
} as const satisfies Record<IsolationLevel, unknown>;
const commit = createStatement('COMMIT');
const rollback = createStatement('ROLLBACK');

/** Of a packet without BEGIN and COMMIT: what connections are opened with (open-pool.ts). */
const isolationOfPackets: IsolationLevel = 'ReadCommitted';

/** Sends what there is to say in as few packets as there are answers to wait for, BEGIN ahead of the first unless that is all of it. */
const createSession = (runTogether: RunTogether, { clock, isolation, deadline }: TransactionOptions) => {
  const bound = createStatementBound({ clock, deadline });
  let stage: Stage = 'waiting';
  let waiting: BoundStatement[] = [];

  const runAll = async (last: readonly BoundStatement[], end?: 'commit'): Promise<readonly StatementResult[]> => {
    if (isOver(stage)) throw new TypeError('a statement behind COMMIT');
    const isFirst = stage === 'waiting';
    const isWhole = isFirst && end === 'commit' && isolation === isolationOfPackets;
    const begins = isFirst && !isWhole;
    const ends = end === undefined ? 'not' : isWhole ? 'whole' : 'by_commit';
    const first = begins ? [{ statement: begin[isolation], values: [] }] : [];
    const ahead = [...first, ...(isFirst ? bound.begin() : bound.goOn())];
    const asked = bound.between([...waiting, ...last]);
    const statements = [...ahead, ...asked, ...(ends === 'by_commit' ? [{ statement: commit, values: [] }] : [])];
    const sentAlong = waiting.length;
    waiting = [];
    stage = end ? 'committing' : 'begun';
    const outcome = await runTogether(statements);
    const failure = failureOf(statements, outcome);
    if (failure) {
      stage = stageAfter(failure, { begins, ends, length: statements.length });
      throw failure.blamed;
    }
    if (end) stage = 'committed';
    const answered = outcome.results.slice(ahead.length, ahead.length + asked.length);
    return answered.filter((_, place) => place % 2 === 0).slice(sentAlong);
  };

  const run: RunOnConnection = async (statement, values) => {
    const [result] = await runAll([{ statement, values }]);
    if (result === undefined) throw new TypeError('a statement without an outcome');
    return result;
  };
  const sendAlong: SendAlong = (statement) => void waiting.push(statement);
  return { session: { run, runAll, sendAlong }, stage: () => stage };
};

const attempt = async <T>(
  database: Pick<Database, 'lend'>,
  options: TransactionOptions,
  work: TransactionWork<T>,
): Promise<TransactionEnd<T>> => {
  let stage = (): Stage => 'waiting';
  const ended = (error: unknown): TransactionEnd<T> => {
    const failure = asConflict(toAppError(error));
    if (stage() === 'waiting') throw failure;
    return { end: mayHold(stage()) ? 'unknown' : 'rolled_back', error: failure };
  };
  const onConnection = async (run: RunOnConnection, runTogether: RunTogether): Promise<TransactionEnd<T>> => {
    const begun = createSession(runTogether, options);
    stage = begun.stage;
    try {
      const value = await work(begun.session);
      if (stage() !== 'committed') await begun.session.runAll([], 'commit');
      return { end: 'committed', value };
    } catch (error) {
      if (stage() === 'waiting' || breaksConnection(error)) throw error;
      if (isOver(stage())) return ended(error);
      await run(rollback, []).catch(() => {
        // The first error is the one to tell; thrown, it costs the connection too.
        throw error;
      });
      return ended(error);
    }
  };
  return database.lend(onConnection, options.deadline).catch(ended);
};

/** @throws overloaded | database_unavailable | deadline_exceeded when it could not begin */
export const runTransaction = async <T>(
  database: Pick<Database, 'lend'>,
  options: TransactionOptions,
  work: TransactionWork<T>,
): Promise<TransactionEnd<T>> => {
  const { clock, deadline } = options;
  const backoff = createBackoff({
    minMs: databaseLimits.transactionRetryMinMs,
    maxMs: databaseLimits.transactionRetryMaxMs,
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
    retryAfterMs: refusalLimits.retryAfterMs,
    cause,
  });
