/**
 * A node:http server with bounds against slow and broken clients, and a drain that loses nothing it has accepted.
 *
 * `stop` closes the door when nobody stands in it, then idle connections, soon after those that never said a word; it waits
 * for what is in flight, and cuts what is left at the deadline. Callers that keep connections should have been told with
 * their answers before (`Connection: close`): a request on its way to an idle connection cannot be seen from here.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { AppError } from '../errors/app-error.ts';
import type { Clock } from '../process/clock.ts';
import { processLimits, requestLimits } from '../process/limits.ts';
import { problemReply } from './reply.ts';

export interface HttpServer {
  /** @returns the port it listens on; rejects when it cannot */
  start(): Promise<number>;
  listening(): boolean;
  /** Resolves when every connection is gone, at the latest after `timeoutMs`. Safe twice. */
  stop(timeoutMs: number): Promise<void>;
}

interface HttpServerOptions {
  readonly host: string;
  readonly port: number;
  readonly clock: Clock;
  readonly listener: RequestListener;
}

const reasonPhrases: Readonly<Record<number, string>> = { 400: 'Bad Request', 504: 'Gateway Timeout' };

/** What could not be read as HTTP is answered like everything else: in JSON. */
const answerBrokenRequest = (error: Error, socket: Socket): void => {
  const code: unknown = Reflect.get(error, 'code');
  if (code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const late = code === 'ERR_HTTP_REQUEST_TIMEOUT';
  const requestId = randomUUID();
  const reply = problemReply(new AppError(late ? 'deadline_exceeded' : 'invalid_request'), requestId);
  const head = [
    `HTTP/1.1 ${reply.status} ${reasonPhrases[reply.status] ?? ''}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(reply.body)}`,
    `X-Request-Id: ${requestId}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${reply.body}`, () => socket.destroy());
};

const create = (listener: RequestListener): Server => {
  const server = createServer(
    {
      keepAliveTimeout: requestLimits.keepAliveTimeoutMs,
      headersTimeout: requestLimits.headersTimeoutMs,
      // Ours is shorter and answers in JSON; this one catches what never reaches it.
      requestTimeout: requestLimits.requestTimeoutMs,
      connectionsCheckingInterval: 1_000,
      maxHeaderSize: requestLimits.headerBytesMax,
      noDelay: true,
      // Node's own refusal is not JSON; the traffic app's is.
      requireHostHeader: false,
    },
    listener,
  );
  // An expectation nobody knows may be ignored; Node's 417 is not JSON.
  server.on('checkExpectation', listener);
  server.on('clientError', (error, socket) => answerBrokenRequest(error, socket as Socket));
  return server;
};

export const createHttpServer = ({ host, port, clock, listener }: HttpServerOptions): HttpServer => {
  const server = create(listener);
  const sockets = new Set<Socket>();
  let accepted = 0;
  let stopping: Promise<void> | undefined;

  server.on('connection', (socket) => {
    accepted += 1;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });

  /** Resolves right after the event loop has looked for connections and bytes, and found no connection: the kernel would
   * reset those it still holds when the door closes. */
  const nobodyInTheDoor = async (): Promise<void> => {
    for (let turn = 0; turn < processLimits.drainTurnsMax; turn += 1) {
      const before = accepted;
      await new Promise((resolve) => void setImmediate(resolve));
      if (accepted === before) return;
    }
  };

  const drain = async (timeoutMs: number): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    await nobodyInTheDoor();
    server.close();
    const cancelSilent = clock.after(processLimits.drainSocketMarginMs, () => {
      for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
    });
    const cancelAll = clock.after(timeoutMs, () => server.closeAllConnections());
    await closed;
    cancelSilent();
    cancelAll();
  };

  return {
    start: async () => {
      server.listen(port, host);
      await once(server, 'listening');
      const address: AddressInfo | string | null = server.address();
      return typeof address === 'object' && address !== null ? address.port : port;
    },
    listening: () => server.listening,
    stop: (timeoutMs) => {
      stopping ??= drain(timeoutMs);
      return stopping;
    },
  };
};
