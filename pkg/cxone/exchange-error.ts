/**
 * Why an exchange with a CXone host came to nothing, as a word: fit for a log, and what retries, the breaker and the answer
 * are decided by. It carries no URL, no header and no body.
 */
import { AppError } from '../errors/app-error.ts';
import { cxoneLimits } from '../process/limits.ts';

/**
 * address_refused  the name or URL leads to an address that may not be called, see address-guard.ts; nothing was sent
 * connect          no connection (DNS, refused, TLS, time-out); nothing was sent
 * network          the connection broke after something may have been sent
 * timeout          the caller's deadline passed before the answer was complete
 * status           a status that is not 2xx
 * garbage          not JSON of the shape that was asked for, or more of it than the bound
 */
export type ExchangeFailure = 'address_refused' | 'connect' | 'network' | 'timeout' | 'status' | 'garbage';

interface ExchangeErrorOptions {
  /** With `status`. */
  readonly status?: number;
  /** What the host asked for. */
  readonly retryAfterMs?: number | undefined;
  /** With `timeout`: how long the host had. */
  readonly waitedMs?: number;
  /** What was wrong where; never a value. */
  readonly detail?: string;
  readonly cause?: unknown;
}

export class ExchangeError extends Error {
  override readonly name = 'ExchangeError';
  readonly failure: ExchangeFailure;
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;
  readonly waitedMs: number;

  constructor(failure: ExchangeFailure, options: ExchangeErrorOptions = {}) {
    const { status, detail } = options;
    super([failure, status, detail].filter((part) => part !== undefined).join(' '), { cause: options.cause });
    this.failure = failure;
    this.status = status;
    this.retryAfterMs = options.retryAfterMs;
    this.waitedMs = options.waitedMs ?? 0;
  }
}

/** The host is alive and asks for less. */
export const isTooMany = (error: ExchangeError): boolean => error.status === 429;

/** The host, or the way to it, is broken: not the request. */
export const isBroken = ({ failure, status = 0 }: ExchangeError): boolean =>
  failure === 'connect' || failure === 'network' || status >= 500;

/** @param what  `token` or `api`, for the log     @param retryAfterMs  when a repeat makes sense, if the host did not say */
export const toAppError = (error: unknown, what: string, retryAfterMs = 0): unknown => {
  if (!(error instanceof ExchangeError)) return error;
  const message = `cxone ${what}: ${error.message}`;
  if (error.failure === 'timeout') return new AppError('deadline_exceeded', { message, cause: error });
  if (isTooMany(error) || isBroken(error)) {
    const wait = Math.max(error.retryAfterMs ?? retryAfterMs, cxoneLimits.retryAfterMsMin);
    return new AppError('cxone_unavailable', { message, retryAfterMs: wait, cause: error });
  }
  // What the token endpoint said is no business of a caller's.
  const isTold = what === 'api' && error.status !== undefined;
  const publicMessage = isTold ? { publicMessage: `The CXone API answered ${error.status}` } : {};
  return new AppError('cxone_failed', { message, cause: error, ...publicMessage });
};
