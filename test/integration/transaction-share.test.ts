/**
 * Transactions of one tenant that wait, for a lock or for the first of their idempotency key, leave half of the pool to the others.
 */
import { Client } from 'pg';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { counter, createCounters, increment, setCounters } from '../services/counters.ts';
import { prepareDatabase } from '../services/database.ts';
import { startHandler } from '../services/handler.ts';
import { startPostgres } from '../services/postgres.ts';
import { until } from '../services/until.ts';

const postgres = await startPostgres();
const database = await prepareDatabase(postgres);
await createCounters(database);
const limits = { deadlineMilliseconds: 10_000 };
const tenants = ['acme', 'globex'].map((tenantId) => ({ tenantId, spec: { actions: [increment()], limits } }));
const poolMax = 6;
const env = { DATABASE_URL: database.url, DATABASE_POOL_MAX: String(poolMax), DATABASE_POOL_MIN: '0' };
const handler = await startHandler(env, tenants);
await handler.ready();
const holder = new Client({ connectionString: postgres.url });
await holder.connect();

for (const [what, headers, made] of [
  ['for a lock', {}, 2 * poolMax],
  ['for the first of their key', { 'Idempotency-Key': 'k' }, 1],
] as const) {
  test(`twice as many as there are connections wait ${what}: another tenant is answered`, async () => {
    for (const { tenantId } of tenants) await setCounters(database, tenantId, { names: ['a'] });
    await holder.query("BEGIN; SELECT FROM counters WHERE tenant_id = 'acme' FOR UPDATE");
    const ask = (tenantId: string) => handler.ask(tenantId, { name: 'a' }, { action: 'increment', headers });
    const waiting = Array.from({ length: 2 * poolMax }, () => ask('acme'));
    await until('half of the pool to wait', async () => {
      const [row] = await database.sql('SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted');
      assert.ok(Number(row?.n) >= poolMax / 2);
    });
    assert.is((await ask('globex')).status, 200);
    await holder.query('ROLLBACK');
    for (const { status, text } of await Promise.all(waiting)) assert.is(status, 200, text);
    assert.is(await counter(database, 'acme', 'a'), made);
  });
}

test.after(async () => {
  await holder.end();
  await handler.stop();
});
test.run();
