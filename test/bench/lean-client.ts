/**
 * A client that costs less than the servers it asks: requests leave as ready bytes, one at a time on each connection, and of an answer only its
 * status and its length are looked at. For servers under test on loopback alone: it knows no redirects, no chunks, no time-outs.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { SignedRequest } from './request-maker.ts';

export interface LeanClient {
  /** @param onEnd  called once, with the status; 0: the connection broke */
  send(request: Buffer, onEnd: (status: number) => void): void;
  /** Resolves when so many connections are open, made a few at a time, so that the server's queue of new ones does not overflow. */
  warm(connections: number): Promise<void>;
  close(): void;
}

const openedAtOnce = 64;

interface Connection {
  readonly socket: Socket;
  onEnd: ((status: number) => void) | undefined;
}

/** A whole HTTP/1.1 request. */
export const requestBytes = ({ body, headers }: SignedRequest): Buffer => {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `POST /data-action HTTP/1.1\r\nHost: bench\r\nContent-Length: ${body.length}\r\n${lines.join('')}\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
};

/** Calls `onAnswer` with the status when the last byte of an answer is there. */
const createAnswerReader = (onAnswer: (status: number) => void) => {
  let [status, left] = [0, 0];
  let head: Buffer | undefined;
  return (chunk: Buffer): void => {
    if (left > 0) left -= chunk.length;
    else {
      head = head ? Buffer.concat([head, chunk]) : chunk;
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      const text = head.toString('latin1', 0, end);
      status = Number(text.slice(9, 12));
      left = end + 4 + Number(/content-length: *(\d+)/i.exec(text)?.[1]) - head.length;
      head = undefined;
    }
    if (left === 0) onAnswer(status);
  };
};

/** @param connectionsMax  whoever finds all of them in use waits for one, in turn */
export const createLeanClient = (url: string, connectionsMax: number): LeanClient => {
  const { hostname, port } = new URL(url);
  /** Closed ones stay in it until they are met. */
  const idle: Connection[] = [];
  const all = new Set<Connection>();
  const waiting: { readonly request: Buffer; readonly onEnd: (status: number) => void }[] = [];
  let served = 0;

  const ask = (connection: Connection, request: Buffer, onEnd: (status: number) => void): void => {
    connection.onEnd = onEnd;
    connection.socket.write(request);
  };
  const finish = (connection: Connection, status: number): void => {
    const { onEnd } = connection;
    connection.onEnd = undefined;
    onEnd?.(status);
  };
  const next = () => {
    const first = waiting[served];
    if (!first) return undefined;
    served += 1;
    return first;
  };

  const takeIdle = (): Connection | undefined => {
    for (let last = idle.pop(); last; last = idle.pop()) if (all.has(last) && last.socket.writable) return last;
    return undefined;
  };

  const open = (): Connection => {
    const connection: Connection = { socket: connect(Number(port), hostname), onEnd: undefined };
    all.add(connection);
    connection.socket.setNoDelay(true);
    const read = createAnswerReader((status) => {
      // A server may end an idle connection with a word: nobody asked for that one.
      if (!connection.onEnd) return;
      finish(connection, status);
      const first = next();
      if (first) ask(connection, first.request, first.onEnd);
      else idle.push(connection);
    });
    connection.socket.on('data', read);
    connection.socket.on('error', () => {});
    connection.socket.on('close', () => {
      all.delete(connection);
      finish(connection, 0);
      const first = next();
      if (first) ask(open(), first.request, first.onEnd);
    });
    return connection;
  };

  return {
    send: (request, onEnd) => {
      const connection = takeIdle() ?? (all.size < connectionsMax ? open() : undefined);
      if (connection) ask(connection, request, onEnd);
      else waiting.push({ request, onEnd });
    },
    warm: async (connections) => {
      while (all.size < connections) {
        const opened = Array.from({ length: Math.min(openedAtOnce, connections - all.size) }, open);
        await Promise.all(opened.map(({ socket }) => once(socket, 'connect')));
        idle.push(...opened);
      }
    },
    close: () => {
      for (const { socket } of all) socket.destroy();
    },
  };
};
