/**
 * A tenant's token: kept, asked for anew before it ends, by one request at a time however many callers need it.
 *
 * none   at first, and when the API refused it: callers wait for a refresh
 * fresh  until tokenMarginMs before its end: callers get it at once; in the last tokenEarlyMs of that a refresh runs beside
 *        them. A token that lives shortly has margins in proportion.
 * last   from then to its end: callers wait for a refresh, for half of the time they have, and take it if that fails
 *
 * After a refresh that failed nobody asks again before `retryAt`, so that wrong credentials are not tried with every call.
 */
import { AppError } from '../errors/app-error.ts';
import type { Clock } from '../process/clock.ts';
import { cxoneLimits } from '../process/limits.ts';
import { createBackoff } from '../resilience/backoff.ts';
import { createDeadline, type Deadline } from '../resilience/deadline.ts';
import { createTokenBucket } from '../resilience/token-bucket.ts';
import type { AskForToken } from './grant.ts';
import { withRetries } from './retries.ts';

export interface Session {
  readonly token: string;
  readonly apiBase: URL;
}

export interface TokenSource {
  /** @throws cxone_failed | cxone_unavailable | deadline_exceeded */
  session(deadline: Deadline): Promise<Session>;
  /** What is good now, without a wait; undefined: it has ended or was refused. */
  held(): Session | undefined;
  /** The API refused this session's token.
   * @returns true when another one is worth a try; false when too many were refused lately */
  refuse(session: Session): boolean;
}

interface TokenSourceOptions {
  readonly ask: AskForToken;
  readonly clock: Clock;
  /** 0 <= x < 1 */
  readonly random: () => number;
  /** A refresh ended. */
  readonly onRefresh?: (error?: AppError) => void;
}

interface Held {
  readonly session: Session;
  readonly earlyAt: number;
  readonly freshUntil: number;
  readonly endsAt: number;
}

const asAppError = (error: unknown): AppError =>
  error instanceof AppError ? error : new AppError('internal', { message: 'cxone token', cause: error });

/** A refresh that took too long is CXone's fault, not that of the callers who happened to wait for it. */
const asRefreshError = (error: unknown): AppError => {
  const failure = asAppError(error);
  if (failure.code !== 'deadline_exceeded') return failure;
  return new AppError('cxone_unavailable', { message: failure.message, retryAfterMs: 0, cause: failure.cause });
};

export const createTokenSource = ({ ask, clock, random, onRefresh }: TokenSourceOptions): TokenSource => {
  const pauses = createBackoff({ minMs: cxoneLimits.tokenRetryMinMs, maxMs: cxoneLimits.tokenRetryMaxMs, random });
  const refusals = createTokenBucket(clock, {
    ratePerSecond: 1_000 / cxoneLimits.refusedTokenIntervalMs,
    burst: cxoneLimits.refusedTokensMax,
  });
  let held: Held | undefined;
  let failure: AppError | undefined;
  let retryAt = Number.NEGATIVE_INFINITY;
  let refreshing: Promise<Session> | undefined;

  const hold = (session: Session, lifeMs: number): void => {
    const endsAt = clock.now() + lifeMs;
    const freshUntil = endsAt - Math.min(cxoneLimits.tokenMarginMs, lifeMs / 4);
    held = { session, endsAt, freshUntil, earlyAt: freshUntil - Math.min(cxoneLimits.tokenEarlyMs, lifeMs / 4) };
  };

  const load = async (): Promise<Session> => {
    const deadline = createDeadline(clock, cxoneLimits.tokenRefreshMs);
    try {
      const granted = await withRetries(() => ask(deadline), { what: 'token', clock, random, deadline });
      hold(granted, granted.lifeMs);
      pauses.reset();
      onRefresh?.();
      return granted;
    } catch (error) {
      failure = asRefreshError(error);
      retryAt = clock.now() + Math.max(failure.retryAfterMs ?? 0, pauses.nextMs());
      onRefresh?.(failure);
      throw failure;
    } finally {
      deadline.close();
      refreshing = undefined;
    }
  };

  /** One at a time. Rejects for callers that wait; whoever does not has nothing to handle. */
  const refresh = (): Promise<Session> => {
    refreshing ??= load();
    refreshing.catch(() => {});
    return refreshing;
  };

  /** For callers between two refreshes: what the last one came to, and how long until the next. */
  const again = (error: AppError): AppError => {
    const retryAfterMs = Math.max(cxoneLimits.retryAfterMsMin, retryAt - clock.now());
    const wait = error.code === 'cxone_unavailable' ? { retryAfterMs } : {};
    return new AppError(error.code, { message: error.message, cause: error.cause, ...wait });
  };

  const waitForNew = async (deadline: Deadline): Promise<Session> => {
    if (!refreshing && failure && clock.now() < retryAt) throw again(failure);
    return deadline.race(refresh());
  };

  /** The old token still lives: good enough if no new one comes. */
  const preferNew = async (old: Held, deadline: Deadline): Promise<Session> => {
    const patience = createDeadline(clock, deadline.remainingMs() / 2);
    try {
      return await waitForNew(patience);
    } catch (error) {
      if (clock.now() >= old.endsAt) throw error;
      return old.session;
    } finally {
      patience.close();
    }
  };

  return {
    session: (deadline) => {
      const now = clock.now();
      if (!held || now >= held.endsAt) return waitForNew(deadline);
      if (now >= held.freshUntil) return preferNew(held, deadline);
      if (now >= held.earlyAt && now >= retryAt) void refresh();
      return Promise.resolve(held.session);
    },
    held: () => (held && clock.now() < held.endsAt ? held.session : undefined),
    refuse: (session) => {
      // Another caller was refused first: what is held now is newer.
      if (held?.session.token !== session.token) return true;
      if (refusals.take() > 0) return false;
      held = undefined;
      return true;
    },
  };
};
