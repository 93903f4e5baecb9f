/**
 * Makes a database ready for the quickstart: tables and role from deploy/sql, sample rows where there is no customers
 * table yet. Safe to run again; never touches a customers table that is there.
 */
import { readdir, readFile } from 'node:fs/promises';
import { Client } from 'pg';

const sqlDir = new URL('../../deploy/sql/', import.meta.url);

const read = (name: string): Promise<string> => readFile(new URL(name, sqlDir), 'utf8');

/** Files of the schema in the order of their numbers. */
const schemaFiles = async (): Promise<readonly string[]> =>
  (await readdir(sqlDir)).filter((name) => /^\d{3}_.*\.sql$/.test(name)).sort();

const exists = async (client: Client, table: string): Promise<boolean> => {
  const found = await client.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [table]);
  return found.rows[0]?.there === true;
};

/** @param url  a login that may create tables, functions and roles */
export const setUpDatabase = async (url: string, log: (line: string) => void): Promise<void> => {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    for (const name of await schemaFiles()) await client.query(await read(name));
    if (await exists(client, 'customers')) return;
    log('creating the sample table customers with 3,000 rows of two tenants');
    await client.query(await read('sample/customers.sql'));
  } finally {
    await client.end();
  }
};

/** A login with the service's rights and no others, as a production handler should have. */
export const createServiceLogin = async (url: string, name: string): Promise<void> => {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const found = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [name]);
    if (found.rowCount === 0) {
      await client.query(`CREATE ROLE ${client.escapeIdentifier(name)} LOGIN IN ROLE dataactions_service`);
    }
  } finally {
    await client.end();
  }
};
