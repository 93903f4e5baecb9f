/**
 * Writes an answer: always JSON, always with the request's id, errors in RFC 9457's shape.
 */
import type { ServerResponse } from 'node:http';
import { AppError } from '../errors/app-error.ts';
import { problemBody } from '../webhook/problem-body.ts';
import { endAfterBody } from './discard-body.ts';
import { statusOf } from './status.ts';
import type { Turn } from './turn.ts';

export interface Reply {
  readonly status: number;
  /** JSON text. */
  readonly body: string;
  readonly retryAfterMs?: number | undefined;
  /** For 405. */
  readonly allow?: string;
}

export const problemReply = (error: AppError, requestId: string): Reply => {
  const status = statusOf[error.code];
  return { status, body: problemBody(error, status, requestId), retryAfterMs: error.retryAfterMs };
};

/** Anything thrown that is not an AppError is a bug: fixed text for the caller. */
export const asAppError = (error: unknown): AppError =>
  error instanceof AppError ? error : new AppError('internal', { cause: error });

/** @param options  `turn`: that its request came in; left out: it is sent at once */
export const writeReply = (
  response: ServerResponse,
  reply: Reply,
  options: { readonly requestId: string; readonly close?: boolean; readonly turn?: Turn | undefined },
): void => {
  if (response.destroyed || response.headersSent) return;
  const bytes = Buffer.byteLength(reply.body);
  const headers = ['Content-Type', 'application/json', 'Content-Length', String(bytes)];
  headers.push('X-Request-Id', options.requestId, 'Cache-Control', 'no-store');
  if (reply.retryAfterMs !== undefined) {
    headers.push('Retry-After', String(Math.max(1, Math.ceil(reply.retryAfterMs / 1_000))));
  }
  if (reply.allow !== undefined) headers.push('Allow', reply.allow);
  const { complete } = response.req;
  // What was not read of the body must not be taken for the next request.
  if (options.close || !complete) headers.push('Connection', 'close');
  response.writeHead(reply.status, headers);
  if (!complete) {
    response.write(reply.body);
    endAfterBody(response);
    return;
  }
  // ASCII is the same in Latin-1, which goes out without a conversion.
  const encoding = bytes === reply.body.length ? 'latin1' : 'utf8';
  if (options.turn) options.turn.send({ response, body: reply.body, encoding });
  else response.end(reply.body, encoding);
};
