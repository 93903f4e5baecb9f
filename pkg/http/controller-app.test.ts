import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openLoopback } from '../../test/services/loopback.ts';
import { controllerMetricTable } from '../telemetry/controller-metric-table.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { createControllerApp } from './controller-app.ts';

test("health says what it knows, metrics are the controller's own, and there is nothing else", async () => {
  const health = { alive: true, started: false };
  const metrics = createMetrics({ processMetrics: false, table: controllerMetricTable });
  metrics.set('leader', {}, 1);
  metrics.set('pool_waiting', {}, 1);
  const app = createControllerApp({
    metrics,
    alive: () => health.alive,
    started: () => health.started,
    onError: () => {},
  });
  const server = createServer(app);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
  const statuses = async () => [(await get('/livez')).status, (await get('/startupz')).status];
  assert.equal(await statuses(), [200, 503]);
  Object.assign(health, { alive: false, started: true });
  assert.equal(await statuses(), [503, 200]);
  const text = await (await get('/metrics')).text();
  assert.match(text, 'cxone_dataaction_leader 1');
  assert.not.match(text, /pool_waiting|requests_total/);
  for (const path of ['/', '/config', '/openapi', '/readyz']) assert.is((await get(path)).status, 404);
  assert.is((await fetch(`http://127.0.0.1:${port}/livez`, { method: 'POST' })).status, 405);
  const open = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { Accept: 'application/openmetrics-text' } });
  assert.match(await open.text(), '# EOF');
  server.closeAllConnections();
  server.close();
});

test('a page that cannot be made is 500 without its reason, which is told inside', async () => {
  const errors: unknown[] = [];
  const admin = await openLoopback(
    createControllerApp({
      metrics: { scrape: () => Promise.reject(new Error('secret')) },
      alive: () => true,
      started: () => true,
      onError: (error) => void errors.push(error),
    }),
  );
  const { status, text } = await admin.ask('GET /metrics HTTP/1.1');
  assert.equal([status, text, errors.map(String)], [500, '{"status":"error"}', ['Error: secret']]);
  await admin.close();
});

test.run();
