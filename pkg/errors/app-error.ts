/**
 * The one error class that crosses module boundaries.
 *
 * It keeps what operators may read (message, cause) apart from what callers may read (publicMessage, details),
 * so that nothing internal can reach an answer by accident. It knows no HTTP.
 */
import { type ErrorCode, type ErrorKind, errorCodes } from './codes.ts';
import type { Problem } from './problem.ts';

interface AppErrorOptions {
  /** For the log. Never a value from a request, a row or a secret. */
  readonly message?: string;
  /** For the caller. Defaults to the code's title. */
  readonly publicMessage?: string;
  /** After how many milliseconds a repeat makes sense. */
  readonly retryAfterMs?: number;
  /** What is wrong where, for the caller. */
  readonly details?: readonly Problem[];
  readonly cause?: unknown;
}

/** Where such an error was made says nothing: what was asked, or the load, is to blame. Its stack would take a quarter of what refusing costs. */
const stacklessKinds: ReadonlySet<ErrorKind> = new Set(['request', 'load']);

export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly publicMessage: string;
  readonly retryAfterMs: number | undefined;
  readonly details: readonly Problem[];

  constructor(code: ErrorCode, options: AppErrorOptions = {}) {
    const entry = errorCodes[code];
    const { stackTraceLimit } = Error;
    if (stacklessKinds.has(entry.kind)) Error.stackTraceLimit = 0;
    super(options.message ?? entry.title, { cause: options.cause });
    Error.stackTraceLimit = stackTraceLimit;
    this.code = code;
    this.kind = entry.kind;
    this.publicMessage = options.publicMessage ?? entry.title;
    this.retryAfterMs = options.retryAfterMs;
    this.details = options.details ?? [];
  }
}

/** True for an AppError with one of the given codes, or with any code when none is given. */
export const isAppError = (error: unknown, ...codes: readonly ErrorCode[]): error is AppError =>
  error instanceof AppError && (codes.length === 0 || codes.includes(error.code));
