/**
 * pkg/postgres' Database on a real server, for tests of what stands on it: small bounds, and ended with its file.
 */
import { createDatabase, type Database, type DatabaseOptions } from '../../pkg/postgres/database.ts';
import { createUnnamedStatement } from '../../pkg/postgres/statement.ts';
import { systemClock } from '../../pkg/process/clock.ts';
import { createDeadline, type Deadline } from '../../pkg/resilience/deadline.ts';
import { until } from './until.ts';

export interface OpenDatabase extends Database {
  readonly poolMax: number;
  /** Runs a text of one's own with one value bound as `$1`, within a minute or `deadline`. */
  run(text: string, value?: string, deadline?: Deadline): Promise<readonly Record<string, unknown>[]>;
  /** Resolves when the server answers statements. */
  answers(): Promise<void>;
}

export const minute = (): Deadline => createDeadline(systemClock, 60_000);

const isRow = (row: unknown): row is Record<string, unknown> => typeof row === 'object' && row !== null;

/** Started already. */
export const openDatabase = (options: Partial<DatabaseOptions> & { readonly url: string }): OpenDatabase => {
  const poolMax = options.poolMax ?? 4;
  const database = createDatabase({
    poolMin: 0,
    queueMax: 100,
    statementTimeoutMs: 5_000,
    clock: systemClock,
    ...options,
    poolMax,
  });
  database.start();
  const run: OpenDatabase['run'] = async (text, value = '', deadline = minute()) => {
    const rows = await database.query(createUnnamedStatement(text), [value], deadline);
    return rows.filter(isRow);
  };
  return {
    ...database,
    poolMax,
    run,
    answers: () => until('an answer of the database', async () => void (await run('SELECT $1::text'))),
  };
};
