/**
 * What cannot be taken over keeps the last good configuration, says why, and touches nobody else.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { shardFileName } from '../../pkg/tenant/bundle-directory.ts';
import { shardOf } from '../../pkg/tenant/shard.ts';
import { customerId, prepareDatabase } from '../services/database.ts';
import { startHandler } from '../services/handler.ts';
import { startLoad } from '../services/load.ts';
import { metric } from '../services/metric.ts';
import { startPostgres } from '../services/postgres.ts';
import { assertProblem } from '../services/problem.ts';
import { secretOf } from '../services/tenants.ts';
import { until } from '../services/until.ts';

const postgres = await startPostgres();
const database = await prepareDatabase(postgres);
const globex = { tenantId: 'globex' };
const handler = await startHandler({ DATABASE_URL: database.url }, [{ tenantId: 'acme' }, globex]);
await handler.ready();

const input = { customer_ids: [customerId(1)] };
const reading = (table: string) => ({
  actions: [
    {
      name: 'process_customer_batch',
      input: [{ name: 'customer_ids', type: 'UUID', list: true }],
      lookup: {
        statement: `SELECT id, name FROM ${table} WHERE tenant_id = $1 AND id = ANY($2)`,
        parameters: ['tenant_id', 'customer_ids'],
        keys: 'customer_ids',
        keyColumn: 'id',
        output: 'customers',
      },
    },
  ],
});
const success = () => metric(handler, 'config_last_reload_success');

test('a statement that PostgreSQL refuses takes out its own change alone', async () => {
  const load = startLoad(2, (n) => handler.ask(n % 2 ? 'acme' : 'globex', input));
  await until('a good start', async () => assert.is(await success(), 1));
  const before = (await handler.ask('acme', input)).text;
  const reports = await handler.configure([
    { tenantId: 'acme', spec: reading('no_such_table'), secrets: ['another-secret-of-acme', secretOf('acme')] },
    globex,
  ]);
  const [refused, untouched] = [...reports].sort((a, b) => (a.tenantId < b.tenantId ? -1 : 1));
  assert.is(`${refused?.state} ${refused?.reason} ${refused?.serving}`, 'Refused StatementRejected true');
  assert.match(refused?.message ?? '', 'spec.actions[0].lookup.statement');
  assert.not.match(refused?.message ?? '', 'no_such_table');
  assert.is(untouched?.state, 'Applied');
  assert.is(await success(), 0);
  assert.is((await handler.ask('acme', input)).text, before, 'the last good one answers');
  assert.is((await handler.ask('acme', input, { secret: 'another-secret-of-acme' })).status, 200, 'new keys hold');
  const { failures, statuses } = await load.stop();
  assert.equal(failures, []);
  assert.equal(statuses, [200]);
});

test('its next good configuration is taken over', async () => {
  const reports = await handler.configure([{ tenantId: 'acme', spec: reading('customers') }, globex]);
  assert.ok(reports.every(({ state }) => state === 'Applied'));
  assert.is(await success(), 1);
});

test('a tenant without a last good one is not served', async () => {
  const initech = { tenantId: 'initech', spec: reading('no_such_table') };
  const reports = await handler.configure([{ tenantId: 'acme' }, globex, initech]);
  const report = reports.find(({ tenantId }) => tenantId === 'initech');
  assert.is(`${report?.state} ${report?.reason} ${report?.serving}`, 'Refused StatementRejected false');
  assertProblem(await handler.ask('initech', input), 401, 'unauthenticated');
  await handler.configure([{ tenantId: 'acme' }, globex]);
  assert.is(await success(), 1);
});

test('a damaged shard file keeps what it held, and is told until it is whole again', async () => {
  const file = join(handler.bundleDir, shardFileName(shardOf('acme')));
  const before = (await handler.admin('/config')).text;
  renameSync(file, `${file}.whole`);
  writeFileSync(`${file}.new`, '{"schema":1,"revision":"torn');
  renameSync(`${file}.new`, file);
  await until('the damage', async () => assert.is(await success(), 0));
  const told = `${shardFileName(shardOf('acme'))}: expected a header line`;
  await until('the log line', async () => assert.match(handler.output(), told));
  assert.is((await handler.ask('acme', input)).status, 200);
  assert.is(JSON.parse(before).revision, (await handler.admin('/config')).json.revision);
  renameSync(`${file}.whole`, file);
  await until('its end', async () => assert.is(await success(), 1));
});

test.after(() => handler.stop());
test.run();
