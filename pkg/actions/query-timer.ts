/**
 * How long statements and transactions of a tenant took, and how they ended.
 */
import type { AppError } from '../errors/app-error.ts';
import { toAppError } from '../postgres/pg-error.ts';
import type { Clock } from '../process/clock.ts';

export type QueryStatus = 'success' | 'error' | 'timeout';

export type OnQuery = (tenantId: string, status: QueryStatus, seconds: number) => void;

export interface QueryTimer {
  /** What `work` settles to.
   * @throws AppError */
  time<T>(tenantId: string, work: Promise<T>): Promise<T>;
  /** For what several tenants share.
   * @returns to be told of each of them when it has ended */
  start(): (tenantId: string, error?: AppError) => void;
}

const statusOf = (error: AppError): QueryStatus => (error.code === 'deadline_exceeded' ? 'timeout' : 'error');

export const createQueryTimer = (clock: Clock, onQuery: OnQuery = () => {}): QueryTimer => {
  const start = () => {
    const started = clock.now();
    return (tenantId: string, error?: AppError): void =>
      onQuery(tenantId, error ? statusOf(error) : 'success', (clock.now() - started) / 1_000);
  };
  return {
    start,
    time: async (tenantId, work) => {
      const end = start();
      try {
        const result = await work;
        end(tenantId);
        return result;
      } catch (error) {
        const failure = toAppError(error);
        end(tenantId, failure);
        throw failure;
      }
    },
  };
};
