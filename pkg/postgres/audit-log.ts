/**
 * Group commit of audit rows that no statement brings along (cached answers, CXone calls, rollbacks, lookups beside many others that do not
 * share one): rows of many requests, whichever their tenants, share one INSERT and one commit.
 *
 * What arrives while as many INSERTs are under way as may be forms the next one; nobody waits on a timer.
 */
import type { Clock } from '../process/clock.ts';
import { databaseLimits } from '../process/limits.ts';
import { type Batching, Coalescer, endOfTurn } from '../resilience/coalescer.ts';
import { createDeadline, type Deadline } from '../resilience/deadline.ts';
import { type AuditRecord, auditInsert, auditValues } from './audit-record.ts';
import type { Database } from './database.ts';
import { asOperatorFault } from './pg-error.ts';
import { createStatement } from './statement.ts';

export interface AuditLog {
  /** Resolves when the records are committed, all of them by one commit.
   * @param records  up to `databaseLimits.auditRowsMax`
   * @throws overloaded | database_unavailable | deadline_exceeded */
  append(records: readonly AuditRecord[], deadline: Deadline): Promise<void>;
}

interface AuditLogOptions {
  readonly database: Pick<Database, 'query'>;
  readonly clock: Clock;
  readonly statementTimeoutMs: number;
  readonly hooks?: {
    onCommit?(rows: number): void;
    /** No row of one INSERT was committed, or none that we know of: its requests are told so. */
    onFailure?(rows: number): void;
  };
}

const insert = createStatement(auditInsert(1));

export const createAuditLog = ({ database, clock, statementTimeoutMs, hooks }: AuditLogOptions): AuditLog => {
  const commit = async (jobs: readonly (readonly AuditRecord[])[]): Promise<readonly undefined[]> => {
    const records = jobs.flat();
    const deadline = createDeadline(clock, statementTimeoutMs);
    await database
      .query(insert, auditValues(records), deadline)
      .catch((error: unknown) => {
        hooks?.onFailure?.(records.length);
        throw asOperatorFault('audit_log', error);
      })
      .finally(() => deadline.close());
    hooks?.onCommit?.(records.length);
    return jobs.map(() => undefined);
  };
  const batching: Batching<readonly AuditRecord[]> = {
    sizeOf: (records) => records.length,
    jobsMax: databaseLimits.auditRowsMax,
    sizeMax: databaseLimits.auditRowsMax,
    queueMax: databaseLimits.auditQueueMax,
    inFlightMax: databaseLimits.auditCommitsInFlightMax,
    isPoison: () => false,
    begin: endOfTurn,
  };
  const coalescer = new Coalescer<readonly AuditRecord[], undefined>(batching, { run: commit });
  return {
    append: async (records, deadline) => {
      await coalescer.submit(records, deadline);
    },
  };
};
