/**
 * The descriptions of live tenants on the admin side: made when asked for, of what is served at that moment.
 *
 * A tenant that is unknown, suspended or not served is not described: its callers get nothing but 401 either.
 */
import type Router from '@koa/router';
import { describeTenant } from '../actions/openapi.ts';
import { openApiJson } from '../actions/openapi-text.ts';
import { AppError } from '../errors/app-error.ts';
import type { LiveTenant } from '../registry/live-tenant.ts';
import { problemReply } from './reply.ts';
import { requestIdOf } from './request-id.ts';
import { statusOf } from './status.ts';

export interface OpenApiOptions {
  tenant(tenantId: string): LiveTenant | undefined;
  tenantIds(): Iterable<string>;
  /** Where callers reach `POST /data-action`. */
  server(): string;
}

export const addOpenApiRoutes = (router: Router, { tenant, tenantIds, server }: OpenApiOptions): void => {
  const served = (tenantId: string): LiveTenant | undefined => {
    const live = tenant(tenantId);
    return live?.keyRing === undefined ? undefined : live;
  };
  router.get('/openapi', (ctx) => {
    const ids = [...tenantIds()].filter((tenantId) => served(tenantId) !== undefined).toSorted();
    ctx.body = { tenants: ids.map((tenantId) => ({ tenantId, path: `/openapi/${tenantId}` })) };
  });
  router.get('/openapi/:tenantId', (ctx) => {
    const live = served(String(ctx.params.tenantId));
    ctx.type = 'application/json';
    if (live) {
      ctx.body = openApiJson(describeTenant(live.declared, { statuses: statusOf, server: server() }));
      return;
    }
    const requestId = requestIdOf(ctx.get('X-Request-Id') || undefined);
    const { status, body } = problemReply(new AppError('not_found'), requestId);
    ctx.status = status;
    ctx.set('X-Request-Id', requestId);
    ctx.body = body;
  });
};
