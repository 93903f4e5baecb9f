/**
 * `npm start` with DATABASE_URL: that server is used, what is missing is made there, and a customers table is left alone.
 */
import { join } from 'node:path';
import { Client } from 'pg';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ownDirectory } from '../services/owned.ts';
import { startPostgres } from '../services/postgres.ts';
import { printedCommand, startQuickstart } from '../services/quickstart.ts';

const postgres = await startPostgres();

const sql = async (url: string, text: string): Promise<readonly Record<string, unknown>[]> => {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
};

const createDatabase = async (name: string): Promise<string> => {
  await sql(postgres.url, `CREATE DATABASE ${name}`);
  const url = new URL(postgres.url);
  url.pathname = `/${name}`;
  return url.href;
};

/** What is in the database after a start and an end. */
const run = async (url: string, work: (output: string) => Promise<void> = async () => {}): Promise<void> => {
  const quickstart = await startQuickstart({ DATABASE_URL: url, DATA_DIR: join(ownDirectory('quickstart'), 'data') });
  try {
    await work(quickstart.output());
  } finally {
    assert.is(await quickstart.interrupt(), 0);
  }
};

test('an empty database gets the tables and the sample rows; no other server is started', async () => {
  const url = await createDatabase('fresh');
  await run(url, async (output) => {
    assert.not.match(output, 'PostgreSQL accepts connections');
    assert.match(printedCommand(output, 'curl'), '/data-action');
  });
  const [rows] = await sql(url, 'SELECT count(*)::int AS n, count(DISTINCT tenant_id)::int AS tenants FROM customers');
  assert.equal({ ...rows }, { n: 3_000, tenants: 2 });
  assert.equal(await sql(url, 'SELECT * FROM audit_log'), []);
});

test('a customers table that is there is not touched', async () => {
  const url = await createDatabase('lived_in');
  await sql(url, "CREATE TABLE customers (name text); INSERT INTO customers VALUES ('mine')");
  await run(url);
  assert.equal(
    (await sql(url, 'SELECT * FROM customers')).map((row) => ({ ...row })),
    [{ name: 'mine' }],
  );
  assert.equal(await sql(url, "SELECT FROM pg_trigger WHERE tgrelid = 'customers'::regclass"), []);
  assert.equal(await sql(url, 'SELECT * FROM audit_log'), []);
});

test('starting again changes nothing', async () => {
  const url = await createDatabase('again');
  await run(url);
  await sql(url, "DELETE FROM customers WHERE tenant_id <> 'acme'");
  await run(url);
  const [rows] = await sql(url, 'SELECT count(*)::int AS n FROM customers');
  assert.is(rows?.n, 2_000);
});

test.run();
