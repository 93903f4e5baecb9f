/**
 * What a transaction of a request does before and after its declared statements, each in one round trip: its bounds and
 * its audit row first, what has to be told to the other handlers last. A fault here is the operator's (tables, grants),
 * never the declaration's.
 */
import type { Deadline } from '../resilience/deadline.ts';
import { arrayLiteral } from './array-literal.ts';
import { type AuditRecord, auditColumnCount, auditInsert, auditValues } from './audit-record.ts';
import type { RunOnConnection } from './database.ts';
import { invalidationChannel } from './invalidation-channel.ts';
import { asOperatorFault } from './pg-error.ts';
import { createStatement } from './statement.ts';
import { statementTimeoutOf } from './statement-bound.ts';

// Every wait of a transaction, for locks too, ends with its deadline; lock_timeout would end some of them earlier.
const opening = createStatement(`WITH audit AS (
  ${auditInsert(1)}
)
SELECT set_config('statement_timeout', $${auditColumnCount + 1}::text, true), set_config('lock_timeout', '0', true)`);

const notify = createStatement(`SELECT pg_notify('${invalidationChannel}', p) FROM unnest($1::text[]) AS p`);

/** The audit row holds if the transaction does. */
export const openFrame = async (run: RunOnConnection, record: AuditRecord, deadline: Deadline): Promise<void> => {
  await run(opening, [...auditValues([record]), statementTimeoutOf(deadline)]).catch((error: unknown) => {
    throw asOperatorFault('audit_log', error);
  });
};

/** Delivered by PostgreSQL when the transaction is committed. */
export const notifyOthers = async (run: RunOnConnection, payloads: readonly string[]): Promise<void> => {
  if (payloads.length > 0) await run(notify, [arrayLiteral(payloads)]);
};
