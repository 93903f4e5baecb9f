/**
 * A node:http server with bounds against slow and broken clients, and a drain that loses nothing it has accepted.
 *
 * open      every connection is taken in
 * shut      no connection is taken in any more, those that are there go on; entered by `shut`
 * stopping  idle connections are ended when their callers have gone quiet, what is in flight is waited for, and cut in the
 *           end; entered by `stop`. From `shut` on, the answers themselves should say `Connection: close`.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server, ServerResponse } from 'node:http';
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { AppError } from '../errors/app-error.ts';
import { thrownCode } from '../errors/thrown-code.ts';
import { type Clock, sleep } from '../process/clock.ts';
import { processLimits, requestLimits } from '../process/limits.ts';
import { isDiscarding } from './discard-body.ts';
import { ListenError } from './listen-error.ts';
import { problemReply } from './reply.ts';
import type { RefusedSummary } from './traffic-listener.ts';

export interface HttpServer {
  /** @returns the port it listens on @throws ListenError */
  start(): Promise<number>;
  listening(): boolean;
  /** Resolves when nobody can connect any more. Safe twice. */
  shut(): Promise<void>;
  /** Shuts; resolves when every connection is gone, at the latest after `timeoutMs`. Safe twice. */
  stop(timeoutMs: number): Promise<void>;
}

export interface HttpServerOptions {
  readonly host: string;
  readonly port: number;
  readonly clock: Clock;
  readonly listener: RequestListener;
  /** For what could not be read as a request, or not in time, and was answered. */
  onUnreadable?(summary: RefusedSummary): void;
}

const reasonPhrases: Readonly<Record<number, string>> = { 400: 'Bad Request', 504: 'Gateway Timeout' };

/** What could not be read as HTTP is answered like everything else: in JSON. */
const answerBrokenRequest = (error: Error, socket: Socket, onUnreadable: HttpServerOptions['onUnreadable']): void => {
  const code = thrownCode(error);
  if (code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const late = code === 'ERR_HTTP_REQUEST_TIMEOUT';
  const requestId = randomUUID();
  const refusal = new AppError(late ? 'deadline_exceeded' : 'invalid_request');
  const reply = problemReply(refusal, requestId);
  const head = [
    `HTTP/1.1 ${reply.status} ${reasonPhrases[reply.status] ?? ''}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(reply.body)}`,
    `X-Request-Id: ${requestId}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${reply.body}`, () => socket.destroy());
  // A connection on which nothing ever came is no request.
  if (socket.bytesRead > 0) onUnreadable?.({ requestId, status: reply.status, error: refusal });
};

/** The next answer to go out on it, if its request is all there: nothing broken is part of that. Node's own, and in no paper of it, but it costs a
 * request nothing. Should a Node no longer have it, data-action-turn.test.ts fails. */
const answerUnderWay = (socket: Duplex): ServerResponse | undefined => {
  const response: unknown = Reflect.get(socket, '_httpMessage');
  return response instanceof ServerResponse && response.req.complete ? response : undefined;
};

const create = ({ listener, onUnreadable }: HttpServerOptions): Server => {
  const server = createServer(
    {
      keepAliveTimeout: requestLimits.keepAliveTimeoutMs,
      headersTimeout: requestLimits.headersTimeoutMs,
      // Ours is shorter and answers in JSON; this one catches what never reaches it.
      requestTimeout: requestLimits.requestTimeoutMs,
      connectionsCheckingInterval: 1_000,
      maxHeaderSize: requestLimits.headerBytesMax,
      noDelay: true,
      // Node's own refusal is not JSON; the traffic listener's is.
      requireHostHeader: false,
    },
    listener,
  );
  // Node's own, and in no paper of it: who has said all gets what is to come, answers that wait for the end of the turn among it. Should a
  // Node no longer know it, `who has said all gets the answer that is still to come` (http-server.test.ts) fails.
  Reflect.set(server, 'httpAllowHalfOpen', true);
  // An expectation nobody knows may be ignored; Node's 417 is not JSON.
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  const breakOff = (error: Error, socket: Duplex): void => {
    const ahead = socket.writable ? answerUnderWay(socket) : undefined;
    // The rest of a refused body is broken: its request has had its answer.
    if (isDiscarding(socket)) socket.destroy();
    // What a request ahead of it has done is not told as a refusal.
    else if (ahead) ahead.once('close', () => breakOff(error, socket));
    else answerBrokenRequest(error, socket as Socket, onUnreadable);
  };
  const broken = new WeakSet<Duplex>();
  server.on('clientError', (error, socket) => {
    // By the end of the turn the requests ahead of it have their answers, if they are there to be had.
    if (!broken.has(socket)) setImmediate(() => breakOff(error, socket));
    broken.add(socket);
  });
  return server;
};

export const createHttpServer = (options: HttpServerOptions): HttpServer => {
  const { host, port, clock } = options;
  const server = create(options);
  /** From the first moment it listens; resolves when it is shut and every connection is gone. */
  let closed: Promise<unknown> | undefined;
  const sockets = new Set<Socket>();
  /** Connections and requests so far. */
  let arrivals = 0;
  let shutting: Promise<void> | undefined;
  let stopping: Promise<void> | undefined;

  server.on('connection', (socket) => {
    arrivals += 1;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('request', () => {
    arrivals += 1;
  });

  /** Resolves right after the event loop has looked for arrivals and found none: whatever is closed now, the kernel holds
   * nothing for it that would be lost. */
  const quietTurn = async (): Promise<void> => {
    for (let turn = 0; turn < processLimits.drainTurnsMax; turn += 1) {
      const before = arrivals;
      await new Promise((resolve) => void setImmediate(resolve));
      if (arrivals === before) return;
    }
  };

  const shut = async (): Promise<void> => {
    if (!server.listening) return;
    await quietTurn();
    // Not http's own `close`: it also ends idle connections, and with them requests that are on their way.
    if (server.listening) NetServer.prototype.close.call(server);
  };

  /** When their callers have gone quiet; also those that never said a word. */
  const endIdleConnections = async (): Promise<void> => {
    for (let before = -1; before !== arrivals; ) {
      before = arrivals;
      await sleep(clock, processLimits.drainQuietMs);
    }
    await quietTurn();
    server.closeIdleConnections();
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  };

  const drain = async (timeoutMs: number): Promise<void> => {
    if (!closed) return;
    const cancel = clock.after(timeoutMs, () => server.closeAllConnections());
    shutting ??= shut();
    await shutting;
    await Promise.race([endIdleConnections(), closed]);
    await closed;
    cancel();
  };

  return {
    start: async () => {
      server.listen(port, host);
      await once(server, 'listening').catch((error: unknown) => {
        throw new ListenError(port, error);
      });
      closed = once(server, 'close');
      const address: AddressInfo | string | null = server.address();
      return typeof address === 'object' && address !== null ? address.port : port;
    },
    listening: () => server.listening,
    shut: () => {
      shutting ??= shut();
      return shutting;
    },
    stop: (timeoutMs) => {
      stopping ??= drain(timeoutMs);
      return stopping;
    },
  };
};
