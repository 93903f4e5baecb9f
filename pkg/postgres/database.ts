/**
 * The connection to PostgreSQL: slonik's pool behind a bounded queue, made again whenever it has to be.
 *
 * States: `connecting` (start, or the pool fell silent: tried again with back-off until the server answers) → `ready`
 * (the pool exists; single connections may still fail) → `stopped`. Every wait has a bound: a slot in the queue, a
 * connection, a silent statement. Slonik itself has none of them, see open-pool.ts.
 */
import type { DatabasePool, DatabasePoolConnection, QuerySqlToken } from 'slonik';
import { AppError } from '../errors/app-error.ts';
import { type Clock, sleep } from '../process/clock.ts';
import { databaseLimits, refusalLimits } from '../process/limits.ts';
import { type Backoff, createBackoff } from '../resilience/backoff.ts';
import type { Deadline } from '../resilience/deadline.ts';
import { createSlots } from '../resilience/slots.ts';
import { createBounded } from './bounded.ts';
import { openPool, type PoolSettings } from './open-pool.ts';
import { isSessionSuspect, isStatementFault, SilentConnectionError, sqlStateOf, toAppError } from './pg-error.ts';
import { type BoundValue, createUnnamedStatement, type Statement } from './statement.ts';
import { batchToken, outcomeOf, type RunTogether, type StatementResult } from './statement-batch.ts';

export interface DatabaseOptions extends PoolSettings {
  readonly poolMin: number;
  readonly queueMax: number;
  readonly clock: Clock;
  readonly hooks?: {
    /** The server answered for the first time, or again after it had not. */
    onReady?(): void;
    onUnavailable?(error: AppError): void;
  };
}

export interface DatabaseStats {
  readonly active: number;
  readonly idle: number;
  readonly pending: number;
  readonly waiting: number;
}

/** Runs a statement on the connection that was lent.
 * @throws the driver's own errors, for `sqlStateOf` and `toAppError`; SilentConnectionError */
export type RunOnConnection = (statement: Statement, values: readonly BoundValue[]) => Promise<StatementResult>;

type WorkOnConnection<T> = (run: RunOnConnection, runTogether: RunTogether) => Promise<T>;

export interface Database {
  /** Begins to connect and returns at once: booting needs no database. Safe twice. */
  start(): void;
  /** Ends what is left of the pool. Safe twice. */
  stop(): Promise<void>;
  /** Runs one statement under the process's statement_timeout.
   * @returns rows as the driver gives them: objects by column name
   * @param deadline  bounds the wait for a connection; the statement itself runs on under its own time-out
   * @param onStart  called when that wait is over
   * @throws overloaded | database_unavailable | deadline_exceeded | statement_failed */
  query(
    statement: Statement,
    values: readonly BoundValue[],
    deadline: Deadline,
    onStart?: () => void,
  ): Promise<readonly unknown[]>;
  /** Lends one connection to `work`, which leaves its session as it found it. The connection is used again if `work` resolves, and
   * closed if it rejects.
   * @param deadline  bounds the wait for a connection and, with a margin, each statement
   * @param bound  the process's own bounds each statement too, with the same margin
   * @throws overloaded | database_unavailable | deadline_exceeded; what `work` throws, as an AppError */
  lend<T>(work: WorkOnConnection<T>, deadline: Deadline, bound?: 'statement_timeout'): Promise<T>;
  /** True once the server has answered, whatever happened later. */
  reached(): boolean;
  stats(): DatabaseStats;
}

const ping = createUnnamedStatement('SELECT $1::text');
const { retryAfterMs } = refusalLimits;
const noStats = { acquiredConnections: 0, idleConnections: 0, pendingConnections: 0 };

export const createDatabase = (options: DatabaseOptions): Database => {
  const { clock, hooks = {} } = options;
  const silenceMs = options.statementTimeoutMs + databaseLimits.silenceMarginMs;
  const slots = createSlots({ clock, slots: options.poolMax, queueMax: options.queueMax });
  const backoff: Backoff = createBackoff({
    minMs: databaseLimits.reconnectMinMs,
    maxMs: databaseLimits.reconnectMaxMs,
  });
  const bounded = createBounded(clock);
  const life = new AbortController();
  let pool: DatabasePool | undefined;
  let connecting: Promise<void> | undefined;
  let stopPing = () => {};
  let reached = false;
  /** When any connection last carried an answer, a refusal among them. */
  let answeredAt = Number.NEGATIVE_INFINITY;

  const openInTime = async (): Promise<DatabasePool> => {
    const opening = openPool(options);
    try {
      return await bounded(opening, databaseLimits.connectTimeoutMs + silenceMs);
    } catch (error) {
      opening.then((late) => late.end()).catch(() => {});
      throw error;
    }
  };

  const connect = async (): Promise<void> => {
    while (!life.signal.aborted) {
      try {
        const opened = await openInTime();
        if (life.signal.aborted) return void opened.end().catch(() => {});
        opened.on('error', () => {});
        pool = opened;
        reached = true;
        backoff.reset();
        hooks.onReady?.();
        void keepWarm(opened);
        return;
      } catch (error) {
        hooks.onUnavailable?.(toAppError(error));
        await sleep(clock, backoff.nextMs(), life.signal).catch(() => {});
      }
    }
  };

  const start = () => {
    if (pool || connecting || life.signal.aborted) return;
    connecting = connect().finally(() => {
      connecting = undefined;
    });
  };

  const heard = (): void => {
    answeredAt = clock.now();
  };

  /** PostgreSQL's refusals are answers too. */
  const asked = <T>(answer: Promise<T>): Promise<T> => {
    answer.then(heard, (error: unknown) => {
      if (sqlStateOf(error) !== undefined) heard();
    });
    return answer;
  };

  /** The pool hangs as a whole: leave it behind with whatever it holds, and make another one. */
  const abandon = (hung: DatabasePool) => {
    if (pool !== hung) return;
    pool = undefined;
    stopPing();
    hung.end().catch(() => {});
    start();
  };

  /** A statement's own fault is a value here: what is thrown inside `connect` costs the connection. */
  const runOn = (connection: DatabasePoolConnection, token: QuerySqlToken): Promise<readonly unknown[] | AppError> =>
    asked(connection.any(token)).catch((error: unknown) => {
      const failure = toAppError(error);
      // The declaration was fine when it was checked, so the session may not be.
      if (isStatementFault(failure) && !isSessionSuspect(failure)) return failure;
      throw failure;
    });

  const withConnection = async <T>(
    work: (connection: DatabasePoolConnection) => Promise<T>,
    timeoutMs: number,
  ): Promise<T> => {
    const current = pool;
    if (!current) throw new AppError('database_unavailable', { message: 'not connected yet', retryAfterMs });
    try {
      const waitMs = timeoutMs + databaseLimits.connectTimeoutMs + databaseLimits.silenceMarginMs;
      return await bounded(current.connect(work), waitMs);
    } catch (error) {
      // Its connection is gone already. Where no other one carried anything meanwhile either, for as long as any statement may take, none can be
      // trusted.
      const isSilent = error instanceof SilentConnectionError && error.waitedMs >= silenceMs;
      if (isSilent && answeredAt < error.since) abandon(current);
      throw toAppError(error);
    }
  };

  const execute = async (statement: Statement, values: readonly BoundValue[], timeoutMs: number) => {
    const answer = await withConnection(
      (connection) => bounded(runOn(connection, statement.token(values)), timeoutMs),
      timeoutMs,
    );
    if (answer instanceof AppError) throw answer;
    return answer;
  };

  const lend: Database['lend'] = (work, deadline, bound) => {
    const mostMs = bound ? silenceMs : Number.POSITIVE_INFINITY;
    const waitMs = () => Math.min(mostMs, deadline.remainingMs() + databaseLimits.silenceMarginMs);
    const session = <T>(connection: DatabasePoolConnection, work: WorkOnConnection<T>): Promise<T> => {
      const ask = (token: QuerySqlToken) => bounded(asked(connection.query(token)), waitMs());
      return work(
        (statement, values) => ask(statement.token(values)),
        async (statements) => outcomeOf((await ask(batchToken(statements))).rows),
      );
    };
    return slots.use(deadline, () =>
      withConnection((connection) => session(connection, work), waitMs() + databaseLimits.silenceMarginMs),
    );
  };

  /** Touches poolMin connections at once, so that none of them idles out; skips those that traffic needs. */
  const keepWarm = async (warmed: DatabasePool): Promise<void> => {
    const pings = Array.from({ length: options.poolMin }, () =>
      slots.tryUse(() => execute(ping, ['ping'], silenceMs))?.catch(() => {}),
    );
    await Promise.all(pings);
    if (life.signal.aborted || pool !== warmed) return;
    stopPing = clock.after(databaseLimits.poolPingIntervalMs, () => void keepWarm(warmed));
  };

  return {
    start,
    stop: async () => {
      if (life.signal.aborted) return;
      life.abort(new AppError('stopping'));
      stopPing();
      slots.close(new AppError('stopping', { retryAfterMs }));
      await pool?.end().catch(() => {});
      await connecting;
    },
    lend,
    query: (statement, values, deadline, onStart) =>
      slots.use(deadline, () => {
        onStart?.();
        return execute(statement, values, silenceMs);
      }),
    reached: () => reached,
    stats: () => {
      const state = pool?.state() ?? noStats;
      return {
        active: state.acquiredConnections,
        idle: state.idleConnections,
        pending: state.pendingConnections,
        waiting: slots.waiting,
      };
    },
  };
};
