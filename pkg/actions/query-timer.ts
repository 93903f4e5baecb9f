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
}

const statusOf = (error: AppError): QueryStatus => (error.code === 'deadline_exceeded' ? 'timeout' : 'error');

export const createQueryTimer = (clock: Clock, onQuery: OnQuery = () => {}): QueryTimer => ({
  time: async (tenantId, work) => {
    const started = clock.now();
    const report = (status: QueryStatus) => onQuery(tenantId, status, (clock.now() - started) / 1_000);
    try {
      const result = await work;
      report('success');
      return result;
    } catch (error) {
      const failure = toAppError(error);
      report(statusOf(failure));
      throw failure;
    }
  },
});
