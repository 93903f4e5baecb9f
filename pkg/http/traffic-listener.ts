/**
 * The public side: one route, and JSON for whatever else is asked. A Koa application, but for the one target that every caller
 * asks: a fast lane in front of Koa spares that a sixth of a request's CPU (docs/performance/history.md).
 */

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import Router from '@koa/router';
import Koa from 'koa';
import { AppError } from '../errors/app-error.ts';
import { hasReadablePath } from './readable-path.ts';
import { asAppError, problemReply, writeReply } from './reply.ts';
import { requestIdOf } from './request-id.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export interface RefusedSummary {
  readonly requestId: string;
  readonly status: number;
  readonly error: AppError;
}

interface TrafficOptions {
  readonly dataAction: Handler;
  /** For requests that reached no handler. */
  onRefused(summary: RefusedSummary): void;
  /** True when answers should ask the caller to connect anew. */
  closing(): boolean;
}

/** HTTP/1.1 demands it (RFC 9112, 3.2), though nothing here depends on it. */
const hasHost = ({ headers, httpVersion }: IncomingMessage): boolean =>
  headers.host !== undefined || httpVersion !== '1.1';

/** Other forms of the same target, with a query or as an absolute URL, are for Koa's router. */
const isPlainDataAction = (request: IncomingMessage): boolean =>
  request.url === '/data-action' && request.method === 'POST' && hasHost(request);

export const createTrafficListener = ({ dataAction, onRefused, closing }: TrafficOptions): RequestListener => {
  const refuse = (response: ServerResponse, thrown: unknown, allow?: string): void => {
    const error = asAppError(thrown);
    const header = response.req.headers['x-request-id'];
    const requestId = requestIdOf(typeof header === 'string' ? header : undefined);
    const reply = { ...problemReply(error, requestId), ...(allow ? { allow } : {}) };
    writeReply(response, reply, { requestId, close: closing() });
    onRefused({ requestId, status: reply.status, error });
  };

  const app = new Koa();
  // Koa would print what it catches; everything is logged by us, without texts that may hold data.
  app.silent = true;
  const router = new Router();
  router.post('/data-action', async (ctx) => {
    // The hot route writes its own answer: Koa's responder costs a third of a request.
    ctx.respond = false;
    await dataAction(ctx.req, ctx.res);
  });

  app.use(async (ctx, next) => {
    try {
      if (!hasHost(ctx.req)) throw new AppError('invalid_request');
      if (!hasReadablePath(ctx)) throw new AppError('not_found');
      await next();
      if (ctx.respond === false) return;
      const allow = ctx.response.get('Allow');
      throw new AppError(allow ? 'method_not_allowed' : 'not_found');
    } catch (thrown) {
      ctx.respond = false;
      const allow = ctx.response.get('Allow');
      ctx.res.removeHeader('Allow');
      // The words for the router's own status, which is not ours.
      ctx.res.statusMessage = '';
      refuse(ctx.res, thrown, allow);
    }
  });
  app.use(router.routes());
  app.use(router.allowedMethods());
  const koa = app.callback();
  return (request, response) => {
    if (!isPlainDataAction(request)) return void koa(request, response);
    // Where even the refusal fails, its caller alone notices.
    dataAction(request, response)
      .catch((thrown: unknown) => refuse(response, thrown))
      .catch(() => response.destroy());
  };
};
