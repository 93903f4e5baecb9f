/**
 * The one deadline of a request: it bounds every wait the request does, and it can only ever come earlier.
 *
 * One timer at most, made by the first wait and dropped by `close`. It aborts nothing: what was waited for goes on,
 * and its outcome is then ignored.
 *
 * running  from creation; left when the clock reaches `expiresAt`, or by `close`
 * expired  every waiter has been told; later waits fail at once
 * closed   nobody is told any more; later waits end with their work alone, unless the time has passed
 */
import { AppError } from '../errors/app-error.ts';
import type { Clock } from '../process/clock.ts';

type OnExpire = (error: AppError) => void;

export interface Deadline {
  /** In monotonic milliseconds of the clock. */
  readonly expiresAt: number;
  /** Never below zero. */
  remainingMs(): number;
  expired(): boolean;
  /** Moves the deadline to `budgetMs` after its creation (the request's arrival) if that is earlier. */
  narrow(budgetMs: number): void;
  /** What `work` settles to, or deadline_exceeded if that comes first; a later rejection of `work` is swallowed. */
  race<T>(work: Promise<T>): Promise<T>;
  /** Calls `fn` once, with deadline_exceeded, when the deadline passes: before returning if it has passed already.
   * `fn` must not throw.
   * @returns takes `fn` back; safe to call twice and after it was called */
  onExpire(fn: OnExpire): () => void;
  /** For the end of the request; safe twice. */
  close(): void;
}

/** @param createdAt  from when the budget counts, default now */
export const createDeadline = (clock: Clock, budgetMs: number, createdAt = clock.now()): Deadline =>
  new RunningDeadline(clock, createdAt, budgetMs);

const ignore = (): void => undefined;

class RunningDeadline implements Deadline {
  readonly #clock: Clock;
  readonly #createdAt: number;
  /** Made by the first wait: most requests have none. */
  #waiters: Set<OnExpire> | undefined;
  #expiresAt: number;
  #cancelTimer: (() => void) | undefined;
  #error: AppError | undefined;
  #closed = false;

  constructor(clock: Clock, createdAt: number, budgetMs: number) {
    this.#clock = clock;
    this.#createdAt = createdAt;
    this.#expiresAt = createdAt + budgetMs;
  }

  get expiresAt(): number {
    return this.#expiresAt;
  }

  remainingMs(): number {
    return Math.max(0, this.#expiresAt - this.#clock.now());
  }

  expired(): boolean {
    return this.#clock.now() >= this.#expiresAt;
  }

  narrow(budgetMs: number): void {
    const expiresAt = this.#createdAt + budgetMs;
    if (expiresAt >= this.#expiresAt) return;
    this.#expiresAt = expiresAt;
    if (this.#cancelTimer === undefined) return;
    this.#cancelTimer();
    this.#startTimer();
  }

  race<T>(work: Promise<T>): Promise<T> {
    if (this.expired()) {
      work.catch(ignore);
      return Promise.reject(this.#exceeded());
    }
    if (this.#closed) return work;
    return new Promise((resolve, reject) => {
      this.#join(reject);
      work.then(
        (value) => {
          this.#waiters?.delete(reject);
          resolve(value);
        },
        (error: unknown) => {
          this.#waiters?.delete(reject);
          reject(error);
        },
      );
    });
  }

  onExpire(fn: OnExpire): () => void {
    if (this.expired()) {
      fn(this.#exceeded());
      return ignore;
    }
    if (this.#closed) return ignore;
    this.#join(fn);
    return () => void this.#waiters?.delete(fn);
  }

  close(): void {
    this.#closed = true;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#waiters?.clear();
  }

  #join(fn: OnExpire): void {
    this.#waiters ??= new Set();
    this.#waiters.add(fn);
    if (this.#cancelTimer === undefined) this.#startTimer();
  }

  /** Whole milliseconds, rounded up: a timer must not be due before the deadline is. */
  #startTimer(): void {
    this.#cancelTimer = this.#clock.after(Math.ceil(this.remainingMs()), () => this.#onTimer());
  }

  /** The system's timers may be up to a millisecond early: then what is left is waited for. */
  #onTimer(): void {
    if (!this.expired()) {
      this.#startTimer();
      return;
    }
    const error = this.#exceeded();
    for (const fn of this.#waiters ?? []) {
      this.#waiters?.delete(fn);
      fn(error);
    }
  }

  #exceeded(): AppError {
    this.#error ??= new AppError('deadline_exceeded');
    return this.#error;
  }
}
