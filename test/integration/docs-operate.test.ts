/**
 * The SQL of docs/operate.md on a real server: what brings caches to their senses after a restore, and what a role behind a pooler gets.
 * Logins, from installation to uninstallation: docs-logins.test.ts.
 */
import { Client } from 'pg';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { customerId, prepareDatabase } from '../services/database.ts';
import { startHandler } from '../services/handler.ts';
import { operateSql } from '../services/operate-sql.ts';
import { startPostgres } from '../services/postgres.ts';
import { until } from '../services/until.ts';

const postgres = await startPostgres();
const database = await prepareDatabase(postgres);
const handler = await startHandler({ DATABASE_URL: database.url });
await handler.ready();

const nameOf = async (n: number): Promise<unknown> => {
  const { json } = await handler.ask('acme', { customer_ids: [customerId(n)] });
  return Reflect.get(Object(Object(json.output).customers)[0] ?? {}, 'name');
};

test('Restore: cached rows of a tenant are forgotten', async () => {
  const before = await nameOf(1);
  await database.sql('ALTER TABLE customers DISABLE TRIGGER ALL');
  await database.sql("UPDATE customers SET name = 'restored' WHERE tenant_id = 'acme'");
  assert.is(await nameOf(1), before);
  await database.sql(operateSql('pg_notify'));
  await until('the row of the restored database', async () => assert.is(await nameOf(1), 'restored'));
});

test('PgBouncer: the role has what its connections would have asked for', async () => {
  for (const statement of operateSql('ALTER ROLE')
    .split(';')
    .filter((text) => text.trim() !== ''))
    await database.sql(statement.replace('ROLE handler_a', 'ROLE dataactions_handler'));
  const client = new Client({ connectionString: database.url });
  await client.connect();
  const { rows } = await client.query(
    "SELECT name, setting FROM pg_settings WHERE name ~ '^(TimeZone|(statement|lock|idle_in_transaction_session)_timeout)$'",
  );
  await client.end();
  assert.equal(Object.fromEntries(rows.map(({ name, setting }) => [name, setting])), {
    TimeZone: 'UTC',
    statement_timeout: '5000',
    lock_timeout: '2000',
    idle_in_transaction_session_timeout: '10000',
  });
});

test.after(() => handler.stop());
test.run();
