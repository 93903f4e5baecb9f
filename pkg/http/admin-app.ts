/**
 * The operators' side as a Koa application: health, metrics, what is configured and what it means for callers. Never
 * secrets, never rows.
 *
 * livez   the event loop answers; stays up while draining
 * startupz  a configuration has been taken over once
 * readyz  listening, a configuration applied, the database reached once, not draining; never Redis, never the API server
 */
import Router from '@koa/router';
import Koa from 'koa';
import type { Metrics } from '../telemetry/metrics.ts';
import { addOpenApiRoutes, type OpenApiOptions } from './openapi-routes.ts';
import { hasReadablePath } from './readable-path.ts';

export interface Readiness {
  readonly listening: boolean;
  readonly configured: boolean;
  readonly databaseReached: boolean;
  readonly draining: boolean;
}

interface AdminOptions {
  readonly metrics: Pick<Metrics, 'scrape'>;
  readiness(): Readiness;
  readonly config: {
    /** The report of what is applied, as JSON text. @param since  a version: what changed after it is enough */
    report(since?: string): string;
    /** Another one whenever the report is. */
    version(): string;
  };
  readonly openApi: OpenApiOptions;
  /** A page could not be made, for a bug. */
  onError(error: unknown): void;
}

const isReady = (r: Readiness): boolean => r.listening && r.configured && r.databaseReached && !r.draining;

export const createAdminApp = ({ metrics, readiness, config, openApi, onError }: AdminOptions): Koa => {
  const router = new Router();
  router.get('/livez', (ctx) => {
    ctx.body = { status: 'ok' };
  });
  router.get('/startupz', (ctx) => {
    const { configured } = readiness();
    ctx.status = configured ? 200 : 503;
    ctx.body = { status: configured ? 'ok' : 'waiting', configured };
  });
  router.get('/readyz', (ctx) => {
    const now = readiness();
    ctx.status = isReady(now) ? 200 : 503;
    ctx.body = { status: isReady(now) ? 'ok' : 'not ready', ...now };
  });
  router.get('/metrics', async (ctx) => {
    const { contentType, text } = await metrics.scrape(ctx.get('Accept').includes('application/openmetrics-text'));
    ctx.type = contentType;
    ctx.body = text;
  });
  router.get('/config', (ctx) => {
    ctx.status = 200;
    ctx.etag = config.version();
    // The controller asks often, and the report of thousands of tenants is long: hence this, and `since`.
    if (ctx.fresh) {
      ctx.status = 304;
      return;
    }
    ctx.type = 'application/json';
    ctx.body = config.report(typeof ctx.query.since === 'string' ? ctx.query.since : undefined);
  });
  addOpenApiRoutes(router, openApi);
  const app = new Koa();
  app.silent = true;
  app.use(async (ctx, next) => {
    if (!hasReadablePath(ctx)) {
      ctx.status = 400;
      return;
    }
    try {
      await next();
    } catch (error) {
      onError(error);
      throw error;
    }
  });
  app.use(router.routes());
  app.use(router.allowedMethods());
  return app;
};
