/**
 * Cached rows that a transaction makes stale: gone from memory and Redis when it is answered, and from the other handlers'
 * memory as soon as PostgreSQL has told them. The table has no trigger here: `invalidates` alone does it.
 */
import { Client } from 'pg';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createCounters, lookUpCustomers, setCustomerStatus } from '../services/counters.ts';
import { customerId, prepareDatabase } from '../services/database.ts';
import { startHandler } from '../services/handler.ts';
import { metric } from '../services/metric.ts';
import { startPostgres } from '../services/postgres.ts';
import { startRedis, whyNoRedis } from '../services/redis.ts';
import { testUnless } from '../services/test-unless.ts';
import { until } from '../services/until.ts';

const reason = await whyNoRedis();
const postgres = await startPostgres();
const database = await prepareDatabase(postgres);
await createCounters(database);
await database.sql(`DROP TRIGGER customers_inserted ON customers;
  DROP TRIGGER customers_updated ON customers; DROP TRIGGER customers_deleted ON customers`);
const redis = reason === undefined ? await startRedis() : undefined;

const [statement] = setCustomerStatus.transaction.statements;
const blockAll = {
  name: 'block_others',
  input: setCustomerStatus.input,
  transaction: {
    statements: [
      { ...statement, text: `${statement?.text.replace('= ANY', '<> ALL')}`, expectRows: 'Any', output: undefined },
    ],
    invalidates: ['process_customer_batch'],
  },
};
const actions = JSON.parse(JSON.stringify([lookUpCustomers, setCustomerStatus, blockAll]));
const tenants = ['acme', 'globex'].map((tenantId) => ({ tenantId, spec: { actions } }));
const env = { DATABASE_URL: database.url, ...(redis ? { REDIS_URL: redis.url } : {}) };
const [one, two] = await Promise.all([startHandler(env, tenants), startHandler(env, tenants)]);
await Promise.all([one.ready(), two.ready()]);

const status = async (handler: typeof one, n: number): Promise<string> => {
  const { json } = await handler.ask('acme', { customer_ids: [customerId(n)] });
  return String(JSON.stringify(json).match(/"status":"(\w+)"/)?.[1]);
};
const set = (n: number, wanted: string) =>
  one.ask('acme', { customer_ids: [customerId(n)], status: wanted }, { action: 'set_customer_status' });
const hits = async (tier: string) => (await metric(one, 'cache_requests_total', { tier, result: 'hit' })) ?? 0;

const run = testUnless(reason);

run('the handler that made the change never answers an older row, nor does Redis', async () => {
  for (const wanted of ['blocked', 'active', 'inactive', 'blocked']) {
    await status(one, 1);
    assert.is((await set(1, wanted)).status, 200);
    assert.is(await status(one, 1), wanted);
  }
});

run('the other handler hears of it', async () => {
  for (const wanted of ['active', 'blocked']) {
    await status(two, 2);
    await set(2, wanted);
    await until('the news', async () => assert.is(await status(two, 2), wanted));
  }
});

run('PerKey over the keys of the lookup touches those keys alone', async () => {
  await status(one, 3);
  await status(one, 4);
  await set(3, 'blocked');
  const before = await hits('memory');
  await status(one, 4);
  assert.is((await hits('memory')) - before, 1);
});

run('any other declaration touches all keys of the lookup', async () => {
  await status(one, 5);
  await status(two, 6);
  const answer = await one.ask(
    'acme',
    { customer_ids: [customerId(1_999)], status: 'inactive' },
    { action: 'block_others' },
  );
  assert.is(answer.text, '{"output":{"count":1999}}');
  assert.is(await status(one, 5), 'inactive');
  await until('the news', async () => assert.is(await status(two, 6), 'inactive'));
});

run('what was rolled back invalidates nothing', async () => {
  await status(one, 7);
  const answer = await one.ask(
    'acme',
    { customer_ids: [customerId(7), customerId(999_999)], status: 'active' },
    { action: 'set_customer_status' },
  );
  assert.is(answer.status, 409);
  const before = await hits('memory');
  assert.is(await status(one, 7), 'inactive');
  assert.is((await hits('memory')) - before, 1);
});

run('a repeat of an idempotency key, which changes nothing, tells nobody', async () => {
  const listener = new Client({ connectionString: postgres.url });
  const heard: (string | undefined)[] = [];
  listener.on('notification', ({ payload }) => void heard.push(payload));
  await listener.connect();
  await listener.query('LISTEN dataactions_invalidate');
  const input = { customer_ids: [customerId(8)], status: 'blocked' };
  for (const _ of ['first', 'repeat']) {
    const options = { action: 'set_customer_status', headers: { 'Idempotency-Key': 'k' } };
    assert.is((await one.ask('acme', input, options)).status, 200);
  }
  // Whatever was told before is heard before.
  await listener.query(`NOTIFY dataactions_invalidate, '{"tenantId":"nobody"}'`);
  await until('the last news', async () => assert.match(heard.at(-1) ?? '', 'nobody'));
  assert.is(heard.length, 2, heard.join(' '));
  await listener.end();
});

test.after(async () => {
  await Promise.all([one.stop(), two.stop()]);
});
test.run();
