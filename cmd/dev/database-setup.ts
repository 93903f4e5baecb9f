/**
 * Makes a database ready for the quickstart: tables and role from deploy/sql, sample rows where there is no customers
 * table yet. Safe to run again; never touches a customers table that is there.
 */
import { readFile } from 'node:fs/promises';
import { Client } from 'pg';
import { applySchema } from '../../pkg/postgres/apply-schema.ts';
import { systemClock } from '../../pkg/process/clock.ts';

const sampleFile = new URL('../../deploy/sql/sample/customers.sql', import.meta.url);

const exists = async (client: Client, table: string): Promise<boolean> => {
  const found = await client.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [table]);
  return found.rows[0]?.there === true;
};

/** @param url  a login that may create tables, functions and roles */
export const setUpDatabase = async (url: string, log: (line: string) => void): Promise<void> => {
  await applySchema({ url, clock: systemClock });
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    if (await exists(client, 'customers')) return;
    log('creating the sample table customers with 3,000 rows of two tenants');
    await client.query(await readFile(sampleFile, 'utf8'));
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
