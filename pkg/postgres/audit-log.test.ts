/**
 * The bounds of the audit log, over a database that is made up: it answers when it is told to.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isAppError } from '../errors/app-error.ts';
import { databaseLimits } from '../process/limits.ts';
import { createManualClock } from '../process/manual-clock.ts';
import { createDeadline } from '../resilience/deadline.ts';
import { createAuditLog } from './audit-log.ts';
import type { AuditRecord } from './audit-record.ts';
import type { Database } from './database.ts';

const { auditRowsMax, auditQueueMax, auditCommitsInFlightMax } = databaseLimits;
const record: AuditRecord = {
  ...{ tenantId: 'acme', action: 'get', keys: [], requestId: 'r', context: {} },
  ...{ source: 'memory', outcome: 'answered' },
};

const open = () => {
  const clock = createManualClock();
  const leftMs: number[] = [];
  const commits: number[] = [];
  const answer = Promise.withResolvers<void>();
  const query: Database['query'] = async (_statement, _values, deadline) => {
    leftMs.push(deadline.remainingMs());
    deadline.onExpire(() => {});
    await answer.promise;
    return [];
  };
  const hooks = { onCommit: (rows: number) => void commits.push(rows) };
  const log = createAuditLog({ database: { query }, clock, statementTimeoutMs: 5_000, hooks });
  const append = (rows: number) => {
    const deadline = createDeadline(clock, 60_000);
    return log.append(Array<AuditRecord>(rows).fill(record), deadline).finally(() => deadline.close());
  };
  return { clock, append, leftMs, commits, answer: answer.resolve };
};

test('an INSERT has no more rows than it may, whatever its requests bring, and its own time, which ends with it', async () => {
  const { clock, append, leftMs, commits, answer } = open();
  const appended = [1, 2, 3].map(() => append(auditRowsMax / 2));
  await clock.advance(0);
  answer();
  await Promise.all(appended);
  assert.equal(commits, [auditRowsMax, auditRowsMax / 2]);
  assert.equal(leftMs, [5_000, 5_000]);
  assert.is(clock.pending(), 0);
});

test('whoever comes when the queue is full is told at once', async () => {
  const { append, answer } = open();
  const inTime = auditQueueMax + auditCommitsInFlightMax * auditRowsMax;
  const appended = Array.from({ length: inTime }, () => append(1));
  const late = await append(1).catch((error: unknown) => error);
  assert.ok(isAppError(late, 'overloaded'));
  answer();
  await Promise.all(appended);
});

test.run();
