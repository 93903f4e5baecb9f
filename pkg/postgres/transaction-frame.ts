/**
 * What a transaction of a request does before and after its declared statements, without a round trip of its own: its bounds and
 * its audit row first, what has to be told to the other handlers last. A fault here is the operator's (tables, grants),
 * never the declaration's.
 */
import type { Deadline } from '../resilience/deadline.ts';
import { arrayLiteral } from './array-literal.ts';
import { type AuditRecord, auditColumnCount, auditInsert, auditValues } from './audit-record.ts';
import { invalidationChannel } from './invalidation-channel.ts';
import { asOperatorFault } from './pg-error.ts';
import { createStatement } from './statement.ts';
import { statementTimeoutOf } from './statement-bound.ts';
import type { SendAlong } from './transaction.ts';

// Every wait of a transaction, for locks too, ends with its deadline; lock_timeout would end some of them earlier.
const opening = createStatement(`WITH audit AS (
  ${auditInsert(1)}
)
SELECT set_config('statement_timeout', $${auditColumnCount + 1}::text, true), set_config('lock_timeout', '0', true)`);

const notify = createStatement(`SELECT pg_notify('${invalidationChannel}', p) FROM unnest($1::text[]) AS p`);

/** The audit row holds if the transaction does. Goes along with the first statement. */
export const openFrame = (sendAlong: SendAlong, record: AuditRecord, deadline: Deadline): void =>
  sendAlong({
    statement: opening,
    values: [...auditValues([record]), statementTimeoutOf(deadline)],
    blame: (error) => asOperatorFault('audit_log', error),
  });

/** Delivered by PostgreSQL when the transaction is committed. Goes along with COMMIT. */
export const notifyOthers = (sendAlong: SendAlong, payloads: readonly string[]): void => {
  if (payloads.length > 0) sendAlong({ statement: notify, values: [arrayLiteral(payloads)] });
};
