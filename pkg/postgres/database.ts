/**
 * The connection to PostgreSQL: slonik's pool behind a bounded queue, made again whenever it has to be.
 *
 * States: `connecting` (start, or the pool fell silent: tried again with back-off until the server answers) → `ready`
 * (the pool exists; single connections may still fail) → `stopped`. Every wait has a bound: a slot in the queue, a
 * connection, a silent statement. Slonik itself has none of them, see open-pool.ts.
 */
import type { DatabasePool, DatabasePoolConnection } from 'slonik';
import { AppError } from '../errors/app-error.ts';
import { type Clock, sleep } from '../process/clock.ts';
import { databaseLimits, refusalLimits } from '../process/limits.ts';
import { type Backoff, createBackoff } from '../resilience/backoff.ts';
import type { Deadline } from '../resilience/deadline.ts';
import { createSlots } from '../resilience/slots.ts';
import { createBounded } from './bounded.ts';
import { openPool, type PoolSettings } from './open-pool.ts';
import { SilentConnectionError, sqlStateOf, toAppError } from './pg-error.ts';
import { createSessionTrust } from './session-trust.ts';
import { type BoundValue, createUnnamedStatement, type Statement } from './statement.ts';
import { type BatchOutcome, batchToken, outcomeOf, type RunTogether, type StatementResult } from './statement-batch.ts';

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
   * @param onStart  called when there is one
   * @throws overloaded | database_unavailable | deadline_exceeded | statement_failed */
  query(
    statement: Statement,
    values: readonly BoundValue[],
    deadline: Deadline,
    onStart?: () => void,
  ): Promise<readonly unknown[]>;
  /** Lends one connection to `work`, which leaves its session as it found it. The connection is closed if `work` rejects, or after what PostgreSQL
   * has refused on it (session-trust.ts); else it is used again.
   * @param deadline  bounds the wait for a connection and, with a margin, each statement
   * @param bound  the process's own bounds each statement too, with the same margin
   * @throws overloaded | database_unavailable | deadline_exceeded; what `work` throws, as an AppError */
  lend<T>(work: WorkOnConnection<T>, deadline: Deadline, bound?: 'statement_timeout'): Promise<T>;
  /** True once the server has answered, whatever happened later. */
  reached(): boolean;
  stats(): DatabaseStats;
}

/** PostgreSQL's refusals are answers, a connection that ended is none. */
const isAnswer = ({ failure }: BatchOutcome): boolean => !failure || sqlStateOf(failure.error) !== undefined;

/** @throws why a batch of one failed */
const oneOf = ({ results: [result], failure }: BatchOutcome): StatementResult => {
  if (failure) throw failure.error;
  if (!result) throw new TypeError('a statement without an outcome');
  return result;
};

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
  const trust = createSessionTrust(databaseLimits.refusedTextsMax);
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

  /** The pool hangs as a whole: leave it behind with whatever it holds, and make another one. */
  const abandon = (hung: DatabasePool) => {
    if (pool !== hung) return;
    pool = undefined;
    stopPing();
    hung.end().catch(() => {});
    start();
  };

  /** What work resolves to stands, whatever becomes of its connection.
   * @param answerMs  bounds each answer that work waits for
   * @param deadline  work does not begin behind it */
  const withConnection = async <T>(
    work: WorkOnConnection<T>,
    answerMs: () => number,
    deadline?: Deadline,
  ): Promise<T> => {
    const current = pool;
    if (!current) throw new AppError('database_unavailable', { message: 'not connected yet', retryAfterMs });
    let done: { readonly value: T } | undefined;
    const workOn = async (connection: DatabasePoolConnection): Promise<void> => {
      // It may have taken long to open. Whoever waited has been told so, and the connection is there for the next.
      if (deadline?.expired()) return;
      let isFit = true;
      const runTogether: RunTogether = async (statements) => {
        const outcome = outcomeOf((await bounded(connection.query(batchToken(statements)), answerMs())).rows);
        if (isAnswer(outcome)) answeredAt = clock.now();
        isFit &&= trust.isFitAfter(statements, outcome);
        return outcome;
      };
      done = {
        value: await work(async (statement, values) => oneOf(await runTogether([{ statement, values }])), runTogether),
      };
      // What is thrown inside `connect` costs the connection.
      if (!isFit) throw new Error('not to be used again');
    };
    try {
      const connectMs = databaseLimits.connectTimeoutMs + 2 * databaseLimits.silenceMarginMs;
      await bounded(current.connect(workOn), answerMs() + connectMs);
    } catch (error) {
      // Its connection is gone already. Where no other one carried anything meanwhile either, for as long as any statement may take, none can be
      // trusted.
      const isSilent = error instanceof SilentConnectionError && error.waitedMs >= silenceMs;
      if (isSilent && answeredAt < error.since) abandon(current);
      if (!done) throw toAppError(error);
    }
    if (!done) throw new AppError('deadline_exceeded', { message: 'no connection in time' });
    return done.value;
  };

  const execute = async (
    statement: Statement,
    values: readonly BoundValue[],
    deadline?: Deadline,
    onStart?: () => void,
  ) => {
    const work: WorkOnConnection<BatchOutcome> = (_, runTogether) => {
      onStart?.();
      return runTogether([{ statement, values }]);
    };
    const outcome = await withConnection(work, () => silenceMs, deadline);
    try {
      return oneOf(outcome).rows;
    } catch (error) {
      throw toAppError(error);
    }
  };

  const lend: Database['lend'] = (work, deadline, bound) => {
    const mostMs = bound ? silenceMs : Number.POSITIVE_INFINITY;
    const answerMs = () => Math.min(mostMs, deadline.remainingMs() + databaseLimits.silenceMarginMs);
    return slots.use(deadline, () => withConnection(work, answerMs, deadline));
  };

  /** Touches poolMin connections at once, so that none of them idles out; skips those that traffic needs. */
  const keepWarm = async (warmed: DatabasePool): Promise<void> => {
    const pings = Array.from({ length: options.poolMin }, () =>
      slots.tryUse(() => execute(ping, ['ping']))?.catch(() => {}),
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
      slots.use(deadline, () => execute(statement, values, deadline, onStart)),
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
