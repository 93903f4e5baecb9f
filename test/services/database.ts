/**
 * A test database with the service's schema and sample rows, and the two logins that tests use.
 */
import { Client } from 'pg';
import { createServiceLogin, setUpDatabase } from '../../cmd/dev/database-setup.ts';
import type { Service } from './service.ts';

export interface TestDatabase {
  /** With the service's rights only: what the handler gets. */
  readonly url: string;
  /** As the superuser. */
  sql(text: string, values?: readonly unknown[]): Promise<readonly Record<string, unknown>[]>;
  auditRows(): Promise<number>;
}

const login = 'dataactions_handler';

/** @param port  of a proxy in front of the server, if the handler should go through it */
export const prepareDatabase = async (postgres: Service, port = postgres.port): Promise<TestDatabase> => {
  await setUpDatabase(postgres.url, () => {});
  await createServiceLogin(postgres.url, login);
  const url = new URL(postgres.url);
  url.username = login;
  url.port = String(port);

  const sql: TestDatabase['sql'] = async (text, values = []) => {
    const client = new Client({ connectionString: postgres.url });
    client.on('error', () => {});
    await client.connect();
    try {
      const { rows } = await client.query<Record<string, unknown>>(text, [...values]);
      return rows;
    } finally {
      await client.end();
    }
  };
  return {
    url: url.href,
    sql,
    auditRows: async () => Number((await sql('SELECT count(*) AS n FROM audit_log'))[0]?.n),
  };
};

/** `00000000-0000-4000-8000-000000000001` and on: acme's sample customers are 1 to 2000. */
export const customerId = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
