/**
 * Holds statements inside PostgreSQL until a test lets them go: any that calls `wait_gate()`, by itself or in a trigger.
 */

import { Client } from 'pg';
import * as assert from 'uvu/assert';
import type { OpenDatabase } from './open-database.ts';
import { until } from './until.ts';

export interface StatementGate {
  /** From now on `wait_gate()` waits. */
  hold(): Promise<void>;
  release(): Promise<void>;
  /** Resolves when exactly `count` statements wait. */
  waiting(count: number): Promise<void>;
  close(): Promise<void>;
}

// The advisory lock 1 closes the gate; each that waits holds lock 2.
const functions = `
CREATE OR REPLACE FUNCTION wait_gate() RETURNS int LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM pg_advisory_lock_shared(4242, 2);
  WHILE EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = 4242 AND objid = 1) LOOP
    PERFORM pg_sleep(0.005);
  END LOOP;
  PERFORM pg_advisory_unlock_shared(4242, 2);
  RETURN pg_backend_pid();
END $$;
CREATE OR REPLACE FUNCTION wait_gate_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM wait_gate(); RETURN NULL; END $$;`;

/** @param url  a login that may create functions */
export const createStatementGate = async (url: string): Promise<StatementGate> => {
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  await client.query(functions);
  return {
    hold: async () => void (await client.query('SELECT pg_advisory_lock(4242, 1)')),
    release: async () => void (await client.query('SELECT pg_advisory_unlock(4242, 1)')),
    waiting: (count) =>
      until(`${count} waiting statements`, async () => {
        const { rows } = await client.query<{ n: string }>(
          `SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory' AND classid = 4242 AND objid = 2`,
        );
        assert.is(Number(rows[0]?.n), count);
      }),
    close: () => client.end(),
  };
};

/** Proves that no slot and no connection was lost: as many statements as there may be connections, all at one moment. */
export const usesWholePool = async (database: OpenDatabase, gate: StatementGate): Promise<void> => {
  await gate.hold();
  const running = Promise.all(
    Array.from({ length: database.poolMax }, () =>
      database.run('SELECT wait_gate() AS pid WHERE $1::text IS NOT NULL'),
    ),
  );
  try {
    await gate.waiting(database.poolMax);
  } finally {
    await gate.release();
  }
  const pids = (await running).flat().map((row) => row.pid);
  assert.is(new Set(pids).size, database.poolMax);
  assert.is(database.stats().waiting, 0);
};
