/**
 * HTTP by hand: bytes as no honest client would send them, and answers as they came.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Answer } from './handler.ts';

export interface RawConnection {
  send(bytes: string | Buffer): void;
  /** Sends nothing more; what the server says can still be read. */
  end(): void;
  destroy(): void;
  /** The same by a reset. */
  reset(): void;
  /** Every byte so far, as Latin-1. */
  received(): string;
  /** Every whole answer so far. */
  answers(): readonly Answer[];
  /** Resolves when the connection is gone, with every answer. */
  closed: Promise<readonly Answer[]>;
}

/** @returns the answers in `text`, each of which says its Content-Length; whatever else there is ends the list */
export const parseAnswers = (text: string): readonly Answer[] => {
  const answers: Answer[] = [];
  let rest = Buffer.from(text, 'latin1');
  for (;;) {
    const headEnd = rest.indexOf('\r\n\r\n');
    const status = /^HTTP\/1\.1 (\d{3}) [^\r]*\r\n/.exec(rest.toString('latin1'))?.[1];
    if (headEnd < 0 || status === undefined) return answers;
    const lines = rest.subarray(0, headEnd).toString('latin1').split('\r\n').slice(1);
    const headers = Object.fromEntries(
      lines.map((line) => [line.split(':', 1)[0]?.toLowerCase() ?? '', line.slice(line.indexOf(':') + 1).trim()]),
    );
    const end = headEnd + 4 + Number(headers['content-length'] ?? 0);
    if (rest.length < end) return answers;
    const body = rest.subarray(headEnd + 4, end).toString('utf8');
    if (status !== '100') answers.push({ status: Number(status), headers, text: body, json: asObject(body) });
    rest = rest.subarray(end);
  }
};

const asObject = (text: string): Record<string, unknown> => {
  const value: unknown = text === '' ? {} : JSON.parse(text);
  return typeof value === 'object' && value !== null ? { ...value } : {};
};

export const openRaw = async (port: number): Promise<RawConnection> => {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  let received = '';
  socket.setEncoding('latin1').on('data', (text: string) => (received += text));
  // A reset is a way to be closed.
  socket.on('error', () => {});
  socket.on('end', () => socket.end());
  await once(socket, 'connect');
  const answers = () => parseAnswers(received);
  return {
    send: (bytes) => void socket.write(bytes),
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
    reset: () => void socket.resetAndDestroy(),
    received: () => received,
    answers,
    closed: new Promise((resolve) => socket.once('close', () => resolve(answers()))),
  };
};

/** Sends `bytes`, and nothing more. @returns every answer until the server closes the connection */
export const exchange = async (port: number, bytes: string | Buffer): Promise<readonly Answer[]> => {
  const connection = await openRaw(port);
  connection.send(bytes);
  return connection.closed;
};

/** A request's text. @param headers  lines as they are to stand there; Content-Length is not added */
export const rawRequest = (line: string, headers: readonly string[] = [], body = ''): string =>
  `${[line, 'Host: test', ...headers].join('\r\n')}\r\n\r\n${body}`;
