/**
 * The handler as it is shipped, one file: every kind of action is answered by it alone, and what it logs leads back to the sources.
 */
import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { setCustomerStatus } from '../services/counters.ts';
import { cxoneActions, cxoneEnv, cxoneTenant } from '../services/cxone-tenant.ts';
import { customerId, prepareDatabase } from '../services/database.ts';
import { startFakeCxone } from '../services/fake-cxone.ts';
import { startHandler } from '../services/handler.ts';
import { metric } from '../services/metric.ts';
import { makeOneFile } from '../services/one-file.ts';
import { startPostgres } from '../services/postgres.ts';
import { startRedis } from '../services/redis.ts';
import { until } from '../services/until.ts';

const { launcher, folder } = makeOneFile();
const fake = await startFakeCxone();
const database = await prepareDatabase(await startPostgres());
const redis = await startRedis();

const readMap = (): SourceMapPayload => JSON.parse(readFileSync(join(folder, 'main.js.map'), 'utf8'));

const lookUp = {
  name: 'process_customer_batch',
  input: [
    { name: 'customer_ids', type: 'UUID', list: true },
    { name: 'note', type: 'String', pattern: '^[a-z]+$', optional: true },
  ],
  lookup: {
    statement: 'SELECT id, name FROM customers WHERE tenant_id = $1 AND id = ANY($2)',
    parameters: ['tenant_id', 'customer_ids'],
    keys: 'customer_ids',
    keyColumn: 'id',
    output: 'customers',
  },
};

test('alone, without a package, it answers lookups, transactions and CXone calls, and ends at SIGTERM', async () => {
  const tenant = cxoneTenant(fake);
  const actions = [lookUp, setCustomerStatus, ...cxoneActions];
  const handler = await startHandler(
    { DATABASE_URL: database.url, REDIS_URL: redis.url, ...cxoneEnv(fake) },
    [{ ...tenant, spec: { ...tenant.spec, actions } }],
    launcher,
  );
  await handler.ready();
  const ids = { customer_ids: [customerId(7)] };
  const row = { id: customerId(7), name: 'Leslie Lovelace 7' };
  for (const source of ['database', 'memory']) {
    assert.equal((await handler.ask('acme', ids)).json, { output: { customers: [row], count: 1 } }, source);
  }
  assert.is((await handler.ask('acme', { ...ids, note: '1' })).status, 400);
  assert.is((await handler.ask('acme', ids, { unsigned: true })).status, 401);
  const change = { action: 'set_customer_status' };
  assert.is((await handler.ask('acme', { ...ids, status: 'blocked' }, change)).status, 200);
  const contact = await handler.ask('acme', { contact_id: '4711', fields: 'a' }, { action: 'get_contact' });
  assert.is(contact.status, 200);
  assert.is((await handler.admin('/openapi/acme')).status, 200);
  assert.is(await metric(handler, 'cache_requests_total', { tier: 'memory', result: 'hit' }), 1);
  handler.signal('SIGTERM');
  assert.is(await handler.exited(), 0);
  assert.not.match(handler.output(), /"level":"(?:error|fatal)"/);
});

test('the frames of an error in its log are found in the sources by the map beside it', async () => {
  const nowhere = new URL(database.url);
  nowhere.pathname = '/nowhere';
  const handler = await startHandler({ DATABASE_URL: nowhere.href }, [], launcher);
  const [, line, column] = await until('a frame', async () => {
    const frame = /at \S+ \(file:[^)]+\/cmd\/handler\/main\.js:(\d+):(\d+)\)/.exec(handler.output());
    if (!frame) throw new Error(handler.output());
    return frame;
  });
  await handler.stop();
  const origin = new SourceMap(readMap()).findOrigin(Number(line), Number(column));
  assert.ok('fileName' in origin);
  assert.match(origin.fileName, '/node_modules/pg-protocol/');
});

test('the license of every package in it is beside it', () => {
  const { sources } = readMap();
  const packages = new Set(sources.flatMap((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []));
  const text = readFileSync(join(folder, 'licenses.txt'), 'utf8');
  assert.ok(packages.size > 50, String(packages.size));
  for (const name of packages) assert.match(text, `\n== ${name} `);
  assert.match(text, 'Permission is hereby granted, free of charge');
});

test.after(() => fake.close());
test.run();
