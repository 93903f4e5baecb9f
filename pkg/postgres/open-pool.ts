/**
 * Slonik's pool with the options that suit this service. Everything slonik would decide by itself (retries, waits,
 * session resets) is switched off: it is decided where the deadline is known.
 */
import { createPool, type DatabasePool } from 'slonik';
import { databaseLimits } from '../process/limits.ts';
import { createBatchDriver } from './batch-driver.ts';
import { clientOptions, poolOptions } from './connection-options.ts';

export interface PoolSettings {
  readonly url: string;
  readonly ca?: string | undefined;
  readonly poolMax: number;
  readonly statementTimeoutMs: number;
}

/** Connects at once. */
export const openPool = ({ url, ca, poolMax, statementTimeoutMs }: PoolSettings): Promise<DatabasePool> => {
  const { uri } = poolOptions(url, ca, databaseLimits);
  const named = new URL(uri).searchParams;
  const driverFactory = createBatchDriver({
    ...clientOptions(url, ca),
    application_name: named.get('application_name') ?? undefined,
    options: named.get('options') ?? undefined,
    connectionTimeoutMillis: databaseLimits.connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: databaseLimits.idleInTransactionTimeoutMs,
  });
  return createPool(uri, {
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
