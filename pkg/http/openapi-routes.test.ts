/** Descriptions over HTTP, of a registry that lives: what is asked for is what is served at that moment. */
import Router from '@koa/router';
import Koa from 'koa';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openLoopback } from '../../test/services/loopback.ts';
import { createTestRegistry, lookupOf, rejected } from '../../test/services/registry.ts';
import { addOpenApiRoutes } from './openapi-routes.ts';

const live = createTestRegistry();
const router = new Router();
addOpenApiRoutes(router, { ...live.registry, server: () => 'http://127.0.0.1:8080' });
const app = new Koa();
app.use(router.routes());
const admin = await openLoopback(app.callback());
await live.registry.start();

const ask = (path: string, headers: readonly string[] = []) => admin.ask(`GET ${path} HTTP/1.1`, headers);
const signatureHeader = async () => {
  const { text } = await ask('/openapi/acme');
  return JSON.parse(text).components.securitySchemes.signature.name;
};
const own = (name: string) => ({ webhook: { header: name } });

test('a tenant that is served is listed and described', async () => {
  await live.configure([{ tenantId: 'globex' }, { tenantId: 'acme', spec: lookupOf('name') }]);
  const list = await ask('/openapi');
  assert.equal(list.json, {
    tenants: [
      { tenantId: 'acme', path: '/openapi/acme' },
      { tenantId: 'globex', path: '/openapi/globex' },
    ],
  });
  const { status, headers, json, text } = await ask('/openapi/acme');
  assert.is(status, 200);
  assert.match(String(headers['content-type']), /^application\/json/);
  assert.is(json.openapi, '3.1.0');
  assert.match(text, '"found"');
  assert.not.match(text, /SELECT|a-secret-for-tests|customers/);
});

test('an unknown tenant is a 404 in the shape of a problem, with the id of the request', async () => {
  for (const path of ['/openapi/nobody', '/openapi/__proto__', '/openapi/%E0%A4%A', '/openapi/..%2fconfig']) {
    const { status, headers, json } = await ask(path, ['X-Request-Id: r-1']);
    assert.equal([status, json.code, json.requestId, headers['x-request-id']], [404, 'not_found', 'r-1', 'r-1'], path);
  }
});

test('a suspended tenant is no more described than an unknown one', async () => {
  await live.configure([{ tenantId: 'acme' }, { tenantId: 'globex', spec: { suspend: true } }]);
  assert.is((await ask('/openapi/globex')).status, 404);
  assert.equal((await ask('/openapi')).json, { tenants: [{ tenantId: 'acme', path: '/openapi/acme' }] });
});

test('what is described is what is served: the last good actions, signed as the newest configuration says', async () => {
  await live.configure([{ tenantId: 'acme', spec: { ...lookupOf('name'), ...own('X-Old') } }]);
  assert.is(await signatureHeader(), 'X-Old');
  live.answerWith(() => rejected);
  const refused = { actions: [{ ...lookupOf('other').actions[0], name: 'refused' }] };
  await live.configure([{ tenantId: 'acme', spec: { ...refused, ...own('X-New') } }]);
  assert.is(await signatureHeader(), 'X-New');
  const { text } = await ask('/openapi/acme');
  assert.match(text, '"find.request"');
  assert.not.match(text, 'refused.request');
});

test.after(async () => {
  await live.registry.stop();
  await admin.close();
});
test.run();
