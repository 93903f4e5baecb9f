/**
 * Applies deploy/sql in the order of its numbers: one transaction, so that all of it holds or none, under a lock, so that two who do so at
 * once do so one after the other. The files are safe to run again. Creates no login, and no table of tenants.
 */
import { readdir, readFile } from 'node:fs/promises';
import { Client } from 'pg';
import type { Clock } from '../process/clock.ts';
import { databaseLimits } from '../process/limits.ts';
import { createDeadline } from '../resilience/deadline.ts';
import { clientOptions } from './connection-options.ts';
import { toAppError } from './pg-error.ts';

const sqlDir = new URL('../../deploy/sql/', import.meta.url);

/** "dactions" in ASCII: an advisory lock is any int8 that nobody else of this database takes. */
const lockKey = '7233171828169993843';

export interface SchemaFile {
  readonly name: string;
  readonly text: string;
}

/** In the order in which they are applied. */
export const readSchema = async (): Promise<readonly SchemaFile[]> => {
  const names = (await readdir(sqlDir)).filter((name) => /^\d{3}_.*\.sql$/.test(name)).sort();
  return Promise.all(names.map(async (name) => ({ name, text: await readFile(new URL(name, sqlDir), 'utf8') })));
};

export interface SchemaOptions {
  /** A login that may create tables, functions and roles. */
  readonly url: string;
  /** PEM of the authority that signed the server's certificate, where it is not a public one. */
  readonly ca?: string | undefined;
  readonly clock: Clock;
  /** For all of it, the wait for others that apply it too included. */
  readonly timeoutMs?: number;
  /** Of tests: other files. */
  readonly files?: readonly SchemaFile[];
  onFile?(name: string): void;
}

/** @throws AppError: database_unavailable, deadline_exceeded, or statement_failed with the SQLSTATE; nothing was changed then */
export const applySchema = async (options: SchemaOptions): Promise<void> => {
  const { url, ca, clock, timeoutMs = databaseLimits.schemaTimeoutMs, files = await readSchema(), onFile } = options;
  const client = new Client({
    ...clientOptions(url, ca),
    connectionTimeoutMillis: timeoutMs,
    application_name: 'cxone-data-actions schema',
  });
  // What goes wrong is told by the query that is under way.
  client.on('error', () => {});
  const deadline = createDeadline(clock, timeoutMs);
  const run = (text: string): Promise<unknown> => deadline.race(client.query(text));
  try {
    await deadline.race(client.connect());
    await run(`BEGIN; SET LOCAL statement_timeout = ${timeoutMs}; SET LOCAL lock_timeout = 0`);
    await run(`SELECT pg_advisory_xact_lock(${lockKey})`);
    for (const { name, text } of files) {
      onFile?.(name);
      await run(text);
    }
    await run('COMMIT');
  } catch (error) {
    throw toAppError(error);
  } finally {
    deadline.close();
    await endSoon(client, clock);
  }
};

/** A server that is silent is left behind: the process does not wait for it, and what was begun there ends with its connection. */
const endSoon = async (client: Client, clock: Clock): Promise<void> => {
  const deadline = createDeadline(clock, databaseLimits.silenceMarginMs);
  await deadline.race(client.end()).catch(() => {});
  deadline.close();
};
