/**
 * A node:http server with bounds against slow and broken clients, and a drain that loses nothing it has accepted.
 *
 * Drain: `announce` keeps everything open, but answers ask callers to connect anew; `stop` closes the door and idle
 * connections, waits for what is in flight, and cuts what is left at the deadline.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { AppError } from '../errors/app-error.ts';
import type { Clock } from '../process/clock.ts';
import { requestLimits } from '../process/limits.ts';
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
    },
    listener,
  );
  server.on('clientError', (error, socket) => answerBrokenRequest(error, socket as Socket));
  return server;
};

export const createHttpServer = ({ host, port, clock, listener }: HttpServerOptions): HttpServer => {
  const server = create(listener);
  let stopping: Promise<void> | undefined;

  const drain = async (timeoutMs: number): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    const cancel = clock.after(timeoutMs, () => server.closeAllConnections());
    await closed;
    cancel();
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
