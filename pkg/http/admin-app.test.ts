import { request } from 'node:http';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openLoopback } from '../../test/services/loopback.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { createAdminApp, type Readiness } from './admin-app.ts';

const ready: Readiness = { listening: true, configured: true, databaseReached: true, draining: false };

const open = async (readiness: Partial<Readiness> = {}, scrapeFails = false) => {
  const metrics = createMetrics({ processMetrics: false });
  const errors: unknown[] = [];
  const app = createAdminApp({
    metrics: scrapeFails ? { scrape: () => Promise.reject(new Error('secret')) } : metrics,
    readiness: () => ({ ...ready, ...readiness }),
    config: { report: () => '{"schema":1,"tenants":[]}', version: () => 'v1' },
    openApi: { tenant: () => undefined, tenantIds: () => [], server: () => 'http://127.0.0.1' },
    onError: (error) => void errors.push(error),
  });
  return { ...(await openLoopback(app.callback())), metrics, errors };
};

const get = (path: string) => `GET ${path} HTTP/1.1`;

test('livez answers whatever else is the matter', async () => {
  const admin = await open({ listening: false, configured: false, databaseReached: false, draining: true });
  const { status, json } = await admin.ask(get('/livez'));
  assert.equal([status, json], [200, { status: 'ok' }]);
  await admin.close();
});

test('startupz waits for a configuration alone', async () => {
  for (const [readiness, expected] of [
    [{ listening: false, databaseReached: false, draining: true }, 200],
    [{ configured: false }, 503],
  ] as const) {
    const admin = await open(readiness);
    assert.is((await admin.ask(get('/startupz'))).status, expected);
    await admin.close();
  }
});

test('readyz is 200 only while it listens, is configured, has reached the database and does not drain', async () => {
  const admin = await open();
  const { status, json } = await admin.ask(get('/readyz'));
  assert.equal([status, json], [200, { status: 'ok', ...ready }]);
  await admin.close();
  for (const lack of [{ listening: false }, { configured: false }, { databaseReached: false }, { draining: true }]) {
    const lacking = await open(lack);
    const answer = await lacking.ask(get('/readyz'));
    assert.equal([answer.status, answer.json], [503, { status: 'not ready', ...ready, ...lack }]);
    await lacking.close();
  }
});

test('metrics come as plain text, or as OpenMetrics to whoever asks for it', async () => {
  const admin = await open();
  admin.metrics.set('pool_waiting', {}, 7);
  const prometheus =
    'Accept: application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1';
  for (const [headers, contentType, end] of [
    [[], 'text/plain; version=0.0.4; charset=utf-8', '\n'],
    [['Accept: text/plain'], 'text/plain; version=0.0.4; charset=utf-8', '\n'],
    [[prometheus], 'application/openmetrics-text; version=1.0.0; charset=utf-8', '# EOF\n'],
  ] as const) {
    const response = await fetch(`http://127.0.0.1:${admin.port}/metrics`, {
      headers: Object.fromEntries(headers.map((line) => line.split(': ') as [string, string])),
    });
    assert.equal([response.status, response.headers.get('content-type')], [200, contentType]);
    const text = await response.text();
    assert.match(text, /^cxone_dataaction_pool_waiting 7$/m);
    assert.ok(text.endsWith(end));
  }
  await admin.close();
});

test('a scrape that fails is a 500 that says nothing of why', async () => {
  const admin = await open({}, true);
  const response = await fetch(`http://127.0.0.1:${admin.port}/metrics`);
  assert.is(response.status, 500);
  assert.not.match(await response.text(), /secret/);
  assert.equal(admin.errors.map(String), ['Error: secret']);
  await admin.close();
});

test('config is the report, as JSON', async () => {
  const admin = await open();
  const answer = await admin.ask(get('/config'));
  assert.equal([answer.status, answer.text], [200, '{"schema":1,"tenants":[]}']);
  assert.match(String(answer.headers['content-type']), /^application\/json/);
  await admin.close();
});

test('there is nothing else, and nothing to write', async () => {
  const admin = await open();
  for (const path of ['/', '/data-action', '/debug', '/metrics/x']) {
    const response = await fetch(`http://127.0.0.1:${admin.port}${path}`);
    assert.is(response.status, 404, path);
    await response.text();
  }
  for (const method of ['POST', 'PUT', 'DELETE']) {
    const response = await fetch(`http://127.0.0.1:${admin.port}/config`, { method });
    assert.is(response.status, 405, method);
    await response.text();
  }
  await admin.close();
});

test('a target without a path is refused, and no bug', async () => {
  const admin = await open();
  const statusAt = (path: string) =>
    new Promise((resolve, reject) => {
      const sent = request({ port: admin.port, host: '127.0.0.1', path, agent: false }, (response) => {
        response.resume().once('end', () => resolve(response.statusCode));
      });
      sent.on('error', reject).end();
    });
  for (const target of ['http://[', 'http://:x', '*']) assert.is(await statusAt(target), 400, target);
  assert.is(await statusAt('http://any/livez'), 200);
  assert.equal(admin.errors, []);
  await admin.close();
});

test('a report that is known already is not sent again', async () => {
  const admin = await open();
  const { headers } = await admin.ask(get('/config'));
  assert.is(headers.etag, '"v1"');
  const again = await admin.ask(get('/config'), ['If-None-Match: "v1"']);
  assert.equal([again.status, again.text], [304, '']);
  const newer = await admin.ask(get('/config'), ['If-None-Match: "v0"']);
  assert.equal([newer.status, newer.json], [200, { schema: 1, tenants: [] }]);
  await admin.close();
});

test.run();
