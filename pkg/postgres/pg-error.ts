/**
 * What went wrong in PostgreSQL, in this service's words. Branches on SQLSTATE alone, never on a message of PostgreSQL's own.
 * Source of the codes: PostgreSQL documentation, appendix "PostgreSQL Error Codes".
 */
import { InvalidInputError } from 'slonik';
import { AppError, isAppError } from '../errors/app-error.ts';
import { thrownCode } from '../errors/thrown-code.ts';
import { refusalLimits } from '../process/limits.ts';

const causesMax = 8;
const { retryAfterMs } = refusalLimits;
const conflictMessage = 'The database refused the change; everything was rolled back';

/** A connection that answered nothing for longer than its statement may take. */
export class SilentConnectionError extends Error {
  override readonly name = 'SilentConnectionError';
  /** When the wait for an answer began, in the clock's milliseconds. */
  readonly since: number;
  /** How long it was waited for. */
  readonly waitedMs: number;

  constructor(since: number, waitedMs: number) {
    super('no answer');
    this.since = since;
    this.waitedMs = waitedMs;
  }
}

/** @returns the five characters of the SQLSTATE somewhere in the chain of causes, if PostgreSQL answered at all */
export const sqlStateOf = (error: unknown): string | undefined => {
  let current: unknown = error;
  for (let depth = 0; depth < causesMax && current instanceof Error; depth++) {
    // What slonik itself refuses before PostgreSQL sees it has no code.
    if (current instanceof InvalidInputError) return '22P02';
    const code = thrownCode(current);
    // The operating system's EPIPE has five letters too.
    const isSystem = 'syscall' in current;
    if (!isSystem && code !== undefined && /^[0-9A-Z]{5}$/.test(code)) return code;
    current = current.cause;
  }
  return undefined;
};

/** @returns the messages of the chain of causes: for texts that this service had PostgreSQL say, and no others */
export const messagesOf = (error: unknown): string => {
  const messages: string[] = [];
  let current: unknown = error;
  for (let depth = 0; depth < causesMax && current instanceof Error; depth++) {
    messages.push(current.message);
    current = current.cause;
  }
  return messages.join('\n');
};

/** Waits for locks are bounded by lock_timeout in lookups; in transactions only NOWAIT says so. */
const lockNotAvailable = '55P03';

/** Of a statement that asks another server (postgres_fdw, dblink), which is away: PostgreSQL has answered, and its session goes on. */
const otherServerAway = '08001';

/** The server is there but cannot serve now: shutting down, starting up, out of connections or space, a standby, damaged; or it has ended a session
 * that stood still in a transaction (25P03). What goes beyond a limit of the role (53400, temp_file_limit) does so again: that is the statement's fault. */
const isUnavailable = (state: string): boolean =>
  /^(?:08|53(?!400)|58|57P|XX)/.test(state) || /^(?:25006|25P03)$/.test(state) || state === lockNotAvailable;

/** The second ends the session too. PostgreSQL has it since 17, and nobody here sets it: a role or a database may. */
const timeouts: Readonly<Record<string, string>> = { '57014': 'statement_timeout', '25P04': 'transaction_timeout' };

/** PostgreSQL refused the statement, and could serve others. */
export const isStatementFault = (error: unknown): boolean => isAppError(error, 'statement_failed');

/** True when the statement with these very values is to blame, so that others may still succeed. */
export const isValueFault = (error: unknown): boolean =>
  isStatementFault(error) && !/^(?:0A|25|26|42)/.test(sqlStateOf(error) ?? '');

/** A statement names what is not there, or not for this role. It was fine when it was checked. */
export const isNameFault = (error: unknown): boolean => sqlStateOf(error)?.startsWith('42') === true;

/** Rolled back because of what others did at the same time (class 40): the same again may succeed. 40003 says that nobody knows. */
export const isRolledBackByOthers = (error: unknown): boolean => {
  const state = sqlStateOf(error);
  return state?.startsWith('40') === true && state !== '40003';
};

/** True when a connection should not be used again after the error, whatever it was used for: it is gone, silent, of a server that cannot serve, or its
 * session is not what it should be. What it has prepared is gone (26000) or no longer fits its tables (0A000, "cached plan must not change result
 * type"), it is in a transaction that failed (25P02), it was ended with one (25P04), or nobody knows how one ended (40003). What has ended a statement
 * in time (57014, 55P03) leaves it as it was, and so does another server that is away. */
export const breaksConnection = (error: unknown): boolean => {
  const state = sqlStateOf(error);
  if (state === undefined) return !(error instanceof AppError);
  if (state === lockNotAvailable || state === otherServerAway) return false;
  return isUnavailable(state) || /^(?:26000|0A000|25P02|25P04|40003)$/.test(state);
};

/** True where PostgreSQL itself has ended the transaction: it answered, and the answer was an error. */
export const isRefusal = (error: unknown): boolean => {
  const state = sqlStateOf(error);
  return state === otherServerAway || (state !== undefined && !/^(?:08|57P|40003)/.test(state));
};

/** Of an answer to the commit itself: a cancelled one may have taken effect before PostgreSQL heard of it, and so may one whose time was over, or one
 * that has ended the server (PANIC) for want of space or by a fault of its own. */
export const isCommitRefusal = (error: unknown): boolean =>
  isRefusal(error) && !/^(?:57014|25P04|53|58|XX)/.test(sqlStateOf(error) ?? '');

/** In a transaction, a constraint that does not hold (class 23), an exception that a function of the database raises (P0001) and
 * a lock that was not to be waited for (NOWAIT) are answers about the data, not faults of the statement. Other errors pass unchanged. */
export const asConflict = (error: AppError): AppError => {
  const state = sqlStateOf(error);
  const isConflict = error.code === 'statement_failed' && /^(?:23|P0001)/.test(state ?? '');
  if (!isConflict && state !== lockNotAvailable) return error;
  return new AppError('conflict', { message: error.message, publicMessage: conflictMessage, cause: error });
};

/** A statement of the service's own that PostgreSQL refuses is the operator's fault (table, grants), not a request's.
 * @param table  what it was about */
export const asOperatorFault = (table: string, error: unknown): AppError => {
  const failure = toAppError(error);
  if (failure.code !== 'statement_failed') return failure;
  return new AppError('database_unavailable', {
    message: `${table}: ${failure.message}`,
    retryAfterMs,
    cause: failure,
  });
};

/** @returns an AppError: database_unavailable, deadline_exceeded or statement_failed; AppErrors pass unchanged */
export const toAppError = (error: unknown): AppError => {
  if (error instanceof AppError) return error;
  if (error instanceof SilentConnectionError)
    return new AppError('deadline_exceeded', { message: 'the database fell silent', cause: error });
  const state = sqlStateOf(error);
  if (state === undefined) {
    const ours = error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError;
    return new AppError(ours ? 'internal' : 'database_unavailable', {
      cause: error,
      ...(ours ? {} : { retryAfterMs }),
    });
  }
  const timeout = timeouts[state];
  if (timeout !== undefined) return new AppError('deadline_exceeded', { message: timeout, cause: error });
  if (isUnavailable(state))
    return new AppError('database_unavailable', { message: `SQLSTATE ${state}`, retryAfterMs, cause: error });
  return new AppError('statement_failed', { message: `SQLSTATE ${state}`, cause: error });
};
