/**
 * Our own HTTP server on a free port of loopback, with a clock that stands still: what the tests of pkg/http talk to.
 */
import type { RequestListener } from 'node:http';
import { createHttpServer, type HttpServerOptions } from '../../pkg/http/http-server.ts';
import { createManualClock, type ManualClock } from '../../pkg/process/manual-clock.ts';
import type { Answer } from './handler.ts';
import { exchange, rawRequest } from './raw-http.ts';
import { until } from './until.ts';

export interface Loopback {
  readonly port: number;
  readonly clock: ManualClock;
  /** Sends one request on a connection of its own. @param headers  lines; Content-Length is added where there is a body */
  ask(line: string, headers?: readonly string[], body?: string): Promise<Answer>;
  /** Starts to stop, with this time-out. */
  stop(timeoutMs: number): Promise<void>;
  /** Stops, moving the clock on until nothing is left. */
  close(): Promise<void>;
}

/** Repeats `probe` until it is true. */
export const untilTrue = (what: string, probe: () => boolean): Promise<void> =>
  until(what, async () => {
    if (!probe()) throw new Error('not yet');
  });

export const openLoopback = async (
  listener: RequestListener,
  clock = createManualClock(),
  options: Pick<HttpServerOptions, 'onUnreadable'> = {},
): Promise<Loopback> => {
  const server = createHttpServer({ host: '127.0.0.1', port: 0, clock, listener, ...options });
  const port = await server.start();
  return {
    port,
    clock,
    ask: async (line, headers = [], body = '') => {
      const length = body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
      const [answer] = await exchange(port, rawRequest(line, ['Connection: close', ...length, ...headers], body));
      if (!answer) throw new Error('closed without an answer');
      return answer;
    },
    stop: server.stop,
    close: async () => {
      let stopped = false;
      const done = server.stop(1).then(() => {
        stopped = true;
      });
      while (!stopped) await clock.advance(1_000);
      await done;
    },
  };
};
