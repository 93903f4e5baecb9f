/**
 * The same as the node:http echo with Koa and its router, as one would write it: what the service's framework costs by itself.
 */
import type { AddressInfo } from 'node:net';
import Router from '@koa/router';
import Koa from 'koa';
import { announce, isGenuine, type PeerRequest, peerOptions } from './contract.ts';

const { tenants } = peerOptions();

const app = new Koa();
const router = new Router();
router.post('/data-action', async (ctx) => {
  const chunks: Buffer[] = [];
  for await (const chunk of ctx.req) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const { input } = JSON.parse(body.toString()) as PeerRequest;
  const tenant = tenants[input.tenant_id];
  if (tenant === undefined || !isGenuine(tenant.secret, body, ctx.req.headers)) {
    ctx.status = 401;
    ctx.body = {};
    return;
  }
  ctx.body = { output: { customers: [], missing: input.customer_ids } };
});
app.use(router.routes());
const server = app.listen(0, '127.0.0.1', () => announce((server.address() as AddressInfo).port));
