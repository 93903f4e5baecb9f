/**
 * The controller's admin side as a Koa application: health and metrics. Never secrets, and nothing of any tenant.
 *
 * livez     the event loop answers, and no decision hangs; never the API server
 * startupz  a whole bundle is there for the handler: its container may start
 */
import Router from '@koa/router';
import Koa from 'koa';
import type { Metrics } from '../telemetry/metrics.ts';
import { addMetricsRoute } from './metrics-route.ts';

interface ControllerAppOptions {
  readonly metrics: Pick<Metrics, 'scrape'>;
  alive(): boolean;
  started(): boolean;
}

export const createControllerApp = ({ metrics, alive, started }: ControllerAppOptions): Koa => {
  const router = new Router();
  const addHealth = (path: string, isGood: () => boolean, otherwise: string): void => {
    router.get(path, (ctx) => {
      const good = isGood();
      ctx.status = good ? 200 : 503;
      ctx.body = { status: good ? 'ok' : otherwise };
    });
  };
  addHealth('/livez', alive, 'a decision hangs');
  addHealth('/startupz', started, 'waiting for the first bundle');
  addMetricsRoute(router, metrics);
  const app = new Koa();
  app.silent = true;
  app.use(router.routes());
  app.use(router.allowedMethods());
  return app;
};
