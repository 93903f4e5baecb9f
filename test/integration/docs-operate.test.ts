/**
 * The SQL of docs/operate.md on a real server: what brings caches to their senses after a restore, what a role behind a pooler gets, and
 * what an uninstallation leaves.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { customerId, prepareDatabase } from '../services/database.ts';
import { startHandler } from '../services/handler.ts';
import { startPostgres } from '../services/postgres.ts';
import { until } from '../services/until.ts';

const paper = readFileSync(join(import.meta.dirname, '../../docs/operate.md'), 'utf8');
const blocks = [...paper.matchAll(/^ *```sql\n(.*?)^ *```$/gms)].map(([, text = '']) => text);
/** The one block that has it. */
const blockWith = (part: string): string => {
  const found = blocks.filter((text) => text.includes(part));
  assert.is(found.length, 1, part);
  return found[0] ?? '';
};

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
  await database.sql(blockWith('pg_notify'));
  await until('the row of the restored database', async () => assert.is(await nameOf(1), 'restored'));
});

test('PgBouncer: the role has what its connections would have asked for', async () => {
  for (const statement of blockWith('ALTER ROLE')
    .split(';')
    .filter((text) => text.trim() !== ''))
    await database.sql(statement.replace('ROLE handler', 'ROLE dataactions_handler'));
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

test('Uninstall: nothing of ours is left, and nothing of anybody else is gone', async () => {
  await handler.stop();
  await database.sql('DROP ROLE dataactions_handler');
  await database.sql(blockWith('DROP TABLE'));
  const left = await database.sql(
    "SELECT (SELECT count(*)::int FROM pg_roles WHERE rolname LIKE 'dataactions%') AS roles, (SELECT count(*)::int FROM pg_proc WHERE proname LIKE 'dataactions%') AS functions",
  );
  assert.equal(left, [{ roles: 0, functions: 0 }]);
  const tables = await database.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'");
  assert.equal(tables, [{ tablename: 'customers' }]);
});

test.after(() => handler.stop());
test.run();
