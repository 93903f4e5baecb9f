/**
 * A declared statement that PostgreSQL answers only when the test lets it: requests held for as long as one likes, by state
 * and not by time. (A row lock would not do: lock_timeout ends the wait.)
 */
import { Client } from 'pg';
import type { TestDatabase } from './database.ts';
import type { TestPostgres } from './postgres.ts';
import { until } from './until.ts';

const lock = 4242;

const waitFunction = `CREATE OR REPLACE FUNCTION wait_until_let_go() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  WHILE EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = ${lock}) LOOP
    PERFORM pg_sleep(0.005);
  END LOOP;
  RETURN true;
END $$`;

/** An action whose statement waits while someone holds it: output `rows`, one for each of the strings in `keys`. */
export const heldAction = (name = 'held') => ({
  name,
  input: [{ name: 'keys', type: 'String', list: true }],
  lookup: {
    statement: "SELECT k AS id FROM unnest($2) AS k WHERE $1 <> '' AND wait_until_let_go()",
    parameters: ['tenant_id', 'keys'],
    keys: 'keys',
    keyColumn: 'id',
    output: 'rows',
  },
});

export interface Hold {
  /** From now on, held statements wait. */
  hold(): Promise<void>;
  /** Resolves when `statements` of them do. */
  waiting(statements: number): Promise<void>;
  letGo(): Promise<void>;
  close(): Promise<void>;
}

/** To be made before a configuration with `heldAction` is served. */
export const createHold = async (postgres: TestPostgres, database: TestDatabase): Promise<Hold> => {
  await database.sql(waitFunction);
  const holder = new Client({ connectionString: postgres.url });
  await holder.connect();
  return {
    hold: async () => void (await holder.query(`SELECT pg_advisory_lock(${lock})`)),
    waiting: (statements) =>
      until(`${statements} held statements`, async () => {
        const [row] = await database.sql("SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
        if (Number(row?.n) < statements) throw new Error(`${row?.n} wait`);
      }),
    letGo: async () => void (await holder.query('SELECT pg_advisory_unlock_all()')),
    close: () => holder.end(),
  };
};
