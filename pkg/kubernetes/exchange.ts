/**
 * One request and its response as they pass: can be ended in any phase, is bounded in bytes, and remembers status and
 * Retry-After, which client-node's Watch does not tell.
 *
 * It is put between client-node and undici as a dispatcher; it reads nothing of the body but its length and its line ends.
 *
 * queued    from `bind`'s dispatch; ended here: fails at once, and the request is never written
 * sent      undici has begun to write it; ended here: undici aborts it
 * settled   answered or failed; nothing is passed on any more
 */
import type { Dispatcher } from 'undici';

export type ExchangeEnd = 'timed_out' | 'silent' | 'stopped' | 'too_large';

export interface Exchange {
  /** Aborted when the exchange is ended from this side. */
  readonly signal: AbortSignal;
  /** Why this side ended it; the first reason stays. */
  readonly endedBy: ExchangeEnd | undefined;
  readonly status: number | undefined;
  readonly retryAfter: string | undefined;
  end(why: ExchangeEnd): void;
  bind(dispatcher: Dispatcher): Dispatcher;
}

export interface ExchangeOptions {
  /** Of the whole body; or, where lines are read, of one line. */
  readonly bytesMax: number;
  readonly counts: 'body' | 'line';
  readonly onStatus?: (status: number) => void;
  readonly onBytes?: () => void;
}

export const createExchange = (options: ExchangeOptions): Exchange => {
  const controller = new AbortController();
  const seen: { endedBy?: ExchangeEnd; status?: number; retryAfter?: string } = {};
  const count = createCounter(options);

  const end = (why: ExchangeEnd): void => {
    if (seen.endedBy !== undefined) return;
    seen.endedBy = why;
    controller.abort(new ExchangeEnded());
  };

  const watch: ResponseWatch = {
    signal: controller.signal,
    onStart: (status, headers) => {
      seen.status = status;
      const header = headers['retry-after'];
      if (typeof header === 'string') seen.retryAfter = header;
      options.onStatus?.(status);
    },
    onData: (chunk) => {
      options.onBytes?.();
      if (count(chunk) > options.bytesMax) end('too_large');
    },
  };

  return {
    signal: controller.signal,
    get endedBy() {
      return seen.endedBy;
    },
    get status() {
      return seen.status;
    },
    get retryAfter() {
      return seen.retryAfter;
    },
    end,
    bind: (dispatcher) =>
      dispatcher.compose((dispatch) => (request, handler) => dispatch(request, watched(handler, watch))),
  };
};

class ExchangeEnded extends Error {
  override readonly name = 'ExchangeEnded';
}

/** @returns counts a chunk: the bytes so far, or those since the last line's end */
const createCounter = ({ counts }: ExchangeOptions): ((chunk: Buffer) => number) => {
  let bytes = 0;
  return (chunk) => {
    const lineEnd = counts === 'line' ? chunk.lastIndexOf('\n') : -1;
    bytes = lineEnd < 0 ? bytes + chunk.length : chunk.length - lineEnd - 1;
    return bytes;
  };
};

interface ResponseWatch {
  readonly signal: AbortSignal;
  onStart(status: number, headers: Readonly<Record<string, unknown>>): void;
  onData(chunk: Buffer): void;
}

const reasonOf = (signal: AbortSignal): Error => (signal.reason instanceof Error ? signal.reason : new ExchangeEnded());

const watched = (handler: Dispatcher.DispatchHandler, watch: ResponseWatch): Dispatcher.DispatchHandler => {
  let sent: Dispatcher.DispatchController | undefined;
  let settled = false;

  const fail = (controller: Dispatcher.DispatchController, error: Error): void => {
    if (settled) return;
    settled = true;
    watch.signal.removeEventListener('abort', onAbort);
    handler.onResponseError?.(controller, error);
  };
  const onAbort = (): void => {
    const reason = reasonOf(watch.signal);
    if (sent === undefined) fail(neverSent(reason), reason);
    else sent.abort(reason);
  };
  watch.signal.addEventListener('abort', onAbort, { once: true });
  if (watch.signal.aborted) queueMicrotask(onAbort);

  return {
    onRequestStart: (controller, context) => {
      sent = controller;
      if (settled) controller.abort(reasonOf(watch.signal));
      else handler.onRequestStart?.(controller, context);
    },
    onResponseStarted: () => handler.onResponseStarted?.(),
    onResponseStart: (controller, status, headers, text) => {
      if (status >= 200) watch.onStart(status, headers);
      handler.onResponseStart?.(controller, status, headers, text);
    },
    onResponseData: (controller, chunk) => {
      watch.onData(chunk);
      if (!controller.aborted) handler.onResponseData?.(controller, chunk);
    },
    onResponseEnd: (controller, trailers) => {
      if (settled) return;
      settled = true;
      watch.signal.removeEventListener('abort', onAbort);
      handler.onResponseEnd?.(controller, trailers);
    },
    onResponseError: fail,
  };
};

/** Stands in for undici's controller of a request that was not written yet. */
const neverSent = (reason: Error): Dispatcher.DispatchController => ({
  aborted: true,
  paused: false,
  reason,
  abort: () => {},
  pause: () => {},
  resume: () => {},
});
