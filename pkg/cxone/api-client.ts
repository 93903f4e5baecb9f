/**
 * Calls to one tenant's CXone API: each waits for the tenant's token, then for its turn in the tenant's rate, and goes through
 * the tenant's breaker; what may be repeated is, within the caller's deadline.
 *
 * Repeated are 429 and calls of which nothing was sent, whatever the method; 5xx and broken connections for methods that
 * can be repeated. After a 401 the token is replaced and the call made once more. A call that changes something and ends in a
 * 5xx or a broken connection is `cxone_failed`, not `unavailable`: nobody knows whether it was carried out.
 */
import { AppError } from '../errors/app-error.ts';
import type { Clock } from '../process/clock.ts';
import { cxoneLimits } from '../process/limits.ts';
import { type Breaker, BreakerOpenError } from '../resilience/breaker.ts';
import type { Deadline } from '../resilience/deadline.ts';
import type { SharedRate } from '../resilience/shared-rate.ts';
import type { CxoneMethod } from '../tenant/cxone-action-spec.ts';
import { ExchangeError, isBroken } from './exchange-error.ts';
import { jsonTextOf } from './json-body.ts';
import type { Outbound } from './outbound.ts';
import { withRetries } from './retries.ts';
import type { Session, TokenSource } from './token-source.ts';

export interface ApiCall {
  readonly method: CxoneMethod;
  /** Below the API's base, with its query, encoded. */
  readonly path: string;
  /** JSON text. */
  readonly body: string | undefined;
}

/** How an exchange ended, in words of a closed list. */
export type ExchangeOutcome = '2xx' | '3xx' | '4xx' | '429' | '5xx' | 'error' | 'timeout';

export interface ApiClient {
  /** @returns the answer's JSON text, undefined for an empty one
   * @throws cxone_failed | cxone_unavailable | overloaded | deadline_exceeded */
  call(call: ApiCall, deadline: Deadline): Promise<string | undefined>;
}

interface ApiClientOptions {
  readonly outbound: Pick<Outbound, 'send'>;
  readonly tokens: TokenSource;
  readonly rate: SharedRate;
  readonly breaker: Pick<Breaker, 'run' | 'retryAfterMs'>;
  readonly clock: Clock;
  /** 0 <= x < 1 */
  readonly random: () => number;
  readonly onExchange?: (outcome: ExchangeOutcome) => void;
}

/** What counts against an API. One that a caller in a hurry left early has not failed. */
export const isApiFailure = (error: unknown): boolean =>
  error instanceof ExchangeError &&
  (isBroken(error) || (error.failure === 'timeout' && error.waitedMs >= cxoneLimits.fairAnswerMs));

/** Carried out twice, it has done the same as once. */
export const isRepeatable = (method: CxoneMethod): boolean =>
  method === 'GET' || method === 'PUT' || method === 'DELETE';

const outcomeOf = ({ failure, status }: ExchangeError): ExchangeOutcome => {
  if (failure === 'timeout') return 'timeout';
  if (status === undefined) return failure === 'garbage' ? '2xx' : 'error';
  if (status === 429) return '429';
  if (status >= 500) return '5xx';
  return status >= 400 ? '4xx' : '3xx';
};

const headersFor = (session: Session, { body }: ApiCall): Readonly<Record<string, string>> => ({
  Accept: 'application/json',
  Authorization: `Bearer ${session.token}`,
  ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
});

/** Whatever it says: whoever answers like this is there. */
const isAlive = (error: unknown): error is ExchangeError =>
  error instanceof ExchangeError && !isBroken(error) && (error.failure === 'status' || error.failure === 'garbage');

/** Of a call that changes something: it may have been carried out, so nobody is told to come again. */
const asUnknownEnd = (cause: ExchangeError): AppError =>
  new AppError('cxone_failed', {
    message: `cxone api: ${cause.message}, may have been carried out`,
    publicMessage: 'The CXone API failed; whether the call was carried out is not known',
    cause,
  });

const openBreaker = (waitMs: number): AppError =>
  new AppError('cxone_unavailable', {
    message: 'cxone api: breaker open',
    retryAfterMs: Math.max(cxoneLimits.retryAfterMsMin, waitMs),
  });

export const createApiClient = (options: ApiClientOptions): ApiClient => {
  const { outbound, tokens, rate, breaker, clock, random, onExchange } = options;

  const exchange = async (session: Session, call: ApiCall, deadline: Deadline): Promise<string | undefined> => {
    const { origin, pathname } = session.apiBase;
    const path = pathname.replace(/\/+$/, '') + call.path;
    const request = { origin, path, method: call.method, headers: headersFor(session, call), body: call.body };
    try {
      const answer = await outbound.send({ ...request, bytesMax: cxoneLimits.answerBytesMax }, deadline);
      const text = jsonTextOf(answer);
      onExchange?.('2xx');
      return text;
    } catch (error) {
      if (error instanceof ExchangeError) onExchange?.(outcomeOf(error));
      throw error;
    }
  };

  const prepare = async (deadline: Deadline): Promise<Session> => {
    const openMs = breaker.retryAfterMs();
    if (openMs > 0) throw openBreaker(openMs);
    for (;;) {
      await tokens.session(deadline);
      await rate.turn(deadline);
      // Whoever waited for a token now would go with all others that did, at once.
      const session = tokens.held();
      if (session) return session;
    }
  };

  /** Through the breaker, to which an error that shows the API alive is a success. */
  const guarded = async (session: Session, call: ApiCall, deadline: Deadline): Promise<string | undefined> => {
    const answer = await breaker.run(() =>
      exchange(session, call, deadline).catch((error: unknown) => {
        if (isAlive(error)) return error;
        throw error;
      }),
    );
    if (answer instanceof ExchangeError) throw answer;
    return answer;
  };

  const attempt = async (call: ApiCall, deadline: Deadline): Promise<string | undefined> => {
    const session = await prepare(deadline);
    try {
      return await guarded(session, call, deadline);
    } catch (error) {
      const isRefused = error instanceof ExchangeError && error.status === 401;
      if (!isRefused || !tokens.refuse(session)) throw error;
    }
    return guarded(await prepare(deadline), call, deadline);
  };

  /** What is left an ExchangeError may be made again. */
  const asFailure = (error: unknown, call: ApiCall): unknown => {
    if (error instanceof BreakerOpenError) return openBreaker(breaker.retryAfterMs());
    if (!(error instanceof ExchangeError) || isRepeatable(call.method)) return error;
    return isBroken(error) && error.failure !== 'connect' ? asUnknownEnd(error) : error;
  };

  return {
    call: (call, deadline) => {
      const tryOnce = () =>
        attempt(call, deadline).catch((error: unknown) => {
          throw asFailure(error, call);
        });
      return withRetries(tryOnce, { what: 'api', clock, random, deadline });
    },
  };
};
