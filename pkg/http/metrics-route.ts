/**
 * `/metrics`, the same on every process's admin port: Prometheus text, or OpenMetrics when asked for.
 */
import type Router from '@koa/router';
import type { Metrics } from '../telemetry/metrics.ts';

export const addMetricsRoute = (router: Router, metrics: Pick<Metrics, 'scrape'>): void => {
  router.get('/metrics', async (ctx) => {
    const { contentType, text } = await metrics.scrape(ctx.get('Accept').includes('application/openmetrics-text'));
    ctx.type = contentType;
    ctx.body = text;
  });
};
