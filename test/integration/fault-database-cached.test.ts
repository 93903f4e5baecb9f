/**
 * What is cached while PostgreSQL is away: the audit policy decides whether it may be answered.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { customerId, prepareDatabase } from '../services/database.ts';
import { startHandler } from '../services/handler.ts';
import { metric } from '../services/metric.ts';
import { startPostgres } from '../services/postgres.ts';
import { assertProblem } from '../services/problem.ts';
import { until } from '../services/until.ts';

const postgres = await startPostgres();
const database = await prepareDatabase(postgres);
const everyone =
  "SELECT id, name, status, updated_at FROM customers WHERE tenant_id = 'acme' AND $1 <> '' AND id = ANY($2)";
/** Reads acme's sample rows, so that any tenant has some. */
const action = {
  name: 'process_customer_batch',
  input: [{ name: 'customer_ids', type: 'UUID', list: true }],
  lookup: {
    statement: everyone,
    parameters: ['tenant_id', 'customer_ids'],
    keys: 'customer_ids',
    keyColumn: 'id',
    output: 'customers',
  },
};
const handler = await startHandler({ DATABASE_URL: database.url }, [
  { tenantId: 'audited', spec: { actions: [action], audit: 'EveryRequest' } },
  { tenantId: 'reading', spec: { actions: [action], audit: 'DatabaseReads' } },
  {
    tenantId: 'lenient',
    spec: { actions: [action], audit: 'DatabaseReads', cache: { ttlSeconds: 1, staleIfErrorSeconds: 600 } },
  },
]);
await handler.ready();

const ask = (tenantId: string, n = 1) => handler.ask(tenantId, { customer_ids: [customerId(n)] });
const warm = await Promise.all(['audited', 'reading', 'lenient'].map((tenantId) => ask(tenantId)));
for (const { status } of warm) assert.is(status, 200);
await postgres.kill();

test('EveryRequest: no answer without its audit row, cached or not', async () => {
  assert.is(await metric(handler, 'audit_commit_failures_total'), 0);
  assertProblem(await ask('audited'), 503, 'database_unavailable', true);
  assert.is(await metric(handler, 'audit_commit_failures_total'), 1);
  assertProblem(await ask('audited', 2), 503, 'database_unavailable', true);
});

test('metrics tell that there is no connection, and that statements fail', async () => {
  await until('no connection', async () => {
    for (const state of ['active', 'idle']) assert.is(await metric(handler, 'pool_connections', { state }), 0);
  });
  const failed = await metric(handler, 'query_duration_seconds_count', { status: 'error' });
  assertProblem(await ask('audited', 3), 503, 'database_unavailable', true);
  assert.is(await metric(handler, 'query_duration_seconds_count', { status: 'error' }), (failed ?? 0) + 1);
});

test('DatabaseReads: cached rows go on answering, others cannot', async () => {
  const answer = await ask('reading');
  assert.is(answer.status, 200);
  assert.equal(answer.json, warm[1]?.json);
  assertProblem(await ask('reading', 2), 503, 'database_unavailable', true);
});

test('staleIfErrorSeconds: rows past their time answer, and say that they are stale', async () => {
  const answer = await until('a stale answer', async () => {
    const answer = await ask('lenient');
    assert.is(answer.status, 200);
    const output = answer.json.output as Record<string, unknown>;
    if (output.stale !== true) throw new Error('still fresh');
    return answer;
  });
  const { stale: _, ...rest } = answer.json.output as Record<string, unknown>;
  assert.equal(rest, warm[2]?.json.output);
  assertProblem(await ask('lenient', 2), 503, 'database_unavailable', true);
});

test('all of them answer again when PostgreSQL is back', async () => {
  await postgres.start();
  for (const tenantId of ['audited', 'reading', 'lenient']) {
    await until(`an answer to ${tenantId}`, async () => {
      const answer = await ask(tenantId, 2);
      if (answer.status !== 200) throw new Error(answer.text);
    });
  }
  assert.is((await ask('audited')).status, 200);
  await until('a fresh row', async () => {
    if (Reflect.get(Object((await ask('lenient')).json.output), 'stale')) throw new Error('stale');
  });
});

test.after(() => handler.stop());
test.run();
