/**
 * Rows past their time, while PostgreSQL is away: only for tenants that asked for it, and saying so.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { customerId, prepareDatabase } from '../services/database.ts';
import { startHandler } from '../services/handler.ts';
import { startPostgres } from '../services/postgres.ts';
import { assertProblem } from '../services/problem.ts';
import { until } from '../services/until.ts';

const postgres = await startPostgres();
const database = await prepareDatabase(postgres);
const audit = 'DatabaseReads';
const tenants = {
  stale: { audit, cache: { ttlSeconds: 1, missingTtlSeconds: 1, staleIfErrorSeconds: 600 } },
  short: { audit, cache: { ttlSeconds: 1 } },
  long: { audit, cache: { ttlSeconds: 600, missingTtlSeconds: 600 } },
  every: { cache: { ttlSeconds: 600 } },
};
const names = Object.keys(tenants);
await database.sql(
  "INSERT INTO customers SELECT t, id, name, status, updated_at FROM customers, unnest($1::text[]) AS t WHERE tenant_id = 'acme'",
  [names],
);
const handler = await startHandler(
  { DATABASE_URL: database.url },
  Object.entries(tenants).map(([tenantId, spec]) => ({ tenantId, spec })),
);
await handler.ready();

const ask = (tenantId: string, ...ns: readonly number[]) => handler.ask(tenantId, { customer_ids: ns.map(customerId) });

const fresh = await ask('stale', 1, 2);
for (const tenantId of ['short', 'long', 'every']) await ask(tenantId, 1);
await ask('stale', 999_999);
await ask('long', 999_999);
const before = await database.auditRows();
await postgres.stop();

test('a row past its time is a 503 for whoever did not ask for stale ones', async () => {
  await until('its time', async () => assertProblem(await ask('short', 1), 503, 'database_unavailable', true));
});

test('and an answer that says "stale" for whoever did', async () => {
  const answer = await until('its time', async () => {
    const now = await ask('stale', 1, 2);
    assert.match(now.text, '"stale":true');
    return now;
  });
  assert.is(answer.status, 200);
  assert.is(answer.text, fresh.text.replace(/\}\}$/, ',"stale":true}}'));
});

test('a batch is stale as a whole or not answered at all: one key that was never read makes it a 503', async () => {
  assertProblem(await ask('stale', 1, 3), 503, 'database_unavailable', true);
});

test('an absence is never stale', async () => {
  await until('its time', async () => assertProblem(await ask('stale', 999_999), 503, 'database_unavailable', true));
});

test('DatabaseReads goes on with what is fresh in the cache, EveryRequest cannot: no audit row, no answer', async () => {
  for (const n of [1, 999_999]) {
    const answer = await ask('long', n);
    assert.is(answer.status, 200);
    assert.not.match(answer.text, 'stale');
  }
  assertProblem(await ask('every', 1), 503, 'database_unavailable', true);
});

test('once PostgreSQL is back, so are fresh answers', async () => {
  await postgres.start();
  const answer = await until('a fresh answer', async () => {
    const now = await ask('stale', 1, 2);
    assert.not.match(now.text, 'stale');
    return now;
  });
  assert.is(answer.text, fresh.text);
  await until('EveryRequest', async () => assert.is((await ask('every', 1)).status, 200));
  assert.is(await database.auditRows(), before + 2, 'nothing that was answered from the cache alone was audited');
});

test.after(() => handler.stop());
test.run();
