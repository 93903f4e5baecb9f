/**
 * Slonik's pool with the options that suit this service. Everything slonik would decide by itself (retries, waits,
 * session resets) is switched off: it is decided where the deadline is known.
 */
import { createPool, type DatabasePool } from 'slonik';
import { databaseLimits } from '../process/limits.ts';
import { poolOptions } from './connection-options.ts';

export interface PoolSettings {
  readonly url: string;
  readonly ca?: string | undefined;
  readonly poolMax: number;
  readonly statementTimeoutMs: number;
}

/** Connects at once. */
export const openPool = ({ url, ca, poolMax, statementTimeoutMs }: PoolSettings): Promise<DatabasePool> => {
  const { uri, ssl } = poolOptions(url, ca, databaseLimits);
  return createPool(uri, {
    ...(ssl ? { ssl } : {}),
    maxPoolSize: poolMax,
    // The driver's idle timer ignores a minimum; a ping keeps connections warm instead.
    minPoolSize: 0,
    idleTimeout: databaseLimits.connectionIdleMs,
    maximumConnectionAge: databaseLimits.connectionLifetimeMs,
    connectionTimeout: databaseLimits.connectTimeoutMs,
    statementTimeout: statementTimeoutMs,
    idleInTransactionSessionTimeout: databaseLimits.idleInTransactionTimeoutMs,
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
