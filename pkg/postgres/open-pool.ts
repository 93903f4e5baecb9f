/**
 * Slonik's pool with the options that suit this service. Everything slonik would decide by itself (retries, waits,
 * session resets) is switched off: it is decided where the deadline is known.
 */
import { createPool, type DatabasePool } from 'slonik';
import { databaseLimits } from '../process/limits.ts';
import { createBatchDriver } from './batch-driver.ts';
import { clientOptions } from './connection-options.ts';

export interface PoolSettings {
  readonly url: string;
  readonly ca?: string | undefined;
  readonly poolMax: number;
  readonly statementTimeoutMs: number;
}

/** UTC, so that timestamps in rows read the same wherever the server stands. The isolation is that of what is sent without a BEGIN that names it. */
const sessionSettings = `-c TimeZone=UTC -c default_transaction_isolation=read\\ committed -c lock_timeout=${databaseLimits.lockTimeoutMs}`;

/** Connects at once. */
export const openPool = ({ url, ca, poolMax, statementTimeoutMs }: PoolSettings): Promise<DatabasePool> => {
  const driverFactory = createBatchDriver({
    ...clientOptions(url, ca, sessionSettings),
    connectionTimeoutMillis: databaseLimits.connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: databaseLimits.idleInTransactionTimeoutMs,
  });
  return createPool(url, {
    driverFactory,
    maxPoolSize: poolMax,
    // The driver's idle timer ignores a minimum; a ping keeps connections warm instead.
    minPoolSize: 0,
    idleTimeout: databaseLimits.connectionIdleMs,
    maximumConnectionAge: databaseLimits.connectionLifetimeMs,
    // A connection given up on is not waited for.
    gracefulTerminationTimeout: 50,
    // The default, DISCARD ALL, would drop the prepared statements the driver believes in.
    resetConnection: async () => {},
    connectionRetryLimit: 0,
    queryRetryLimit: 0,
    transactionRetryLimit: 0,
    captureStackTrace: false,
  });
};
