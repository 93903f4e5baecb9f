/**
 * What a transaction of a request does before and after its declared statements, without a round trip of its own: its bounds and
 * its audit row first, what has to be told to the other handlers last. A fault here is the operator's (tables, grants),
 * never the declaration's.
 */
import type { Deadline } from '../resilience/deadline.ts';
import { arrayLiteral } from './array-literal.ts';
import { type AuditRecord, auditColumnCount, auditRowInsert, auditRowValues } from './audit-record.ts';
import { invalidationChannel } from './invalidation-channel.ts';
import { asOperatorFault } from './pg-error.ts';
import { createStatement } from './statement.ts';
import { statementTimeoutOf } from './statement-bound.ts';
import type { SendAlong } from './transaction.ts';

// Every wait of a transaction, for locks too, ends with its deadline; lock_timeout would end some of them earlier. The first declared
// statement is sent along, so what beginning took has to be taken off here: it may have waited for audit_log.
const opening = createStatement(`WITH audit AS (
  ${auditRowInsert(1)}
)
SELECT set_config('lock_timeout', '0', true), set_config('statement_timeout',
  greatest(1, $${auditColumnCount + 1}::int - floor(extract(epoch FROM clock_timestamp() - now()) * 1000)::int)::text, true)`);

const notify = createStatement(`SELECT pg_notify('${invalidationChannel}', p) FROM unnest($1::text[]) AS p`);

/** The audit row holds if the transaction does. Goes along with the first statement. */
export const openFrame = (sendAlong: SendAlong, record: AuditRecord, deadline: Deadline): void =>
  sendAlong({
    statement: opening,
    values: [...auditRowValues(record), statementTimeoutOf(deadline)],
    blame: (error) => asOperatorFault('audit_log', error),
  });

/** Delivered by PostgreSQL when the transaction is committed. Goes along with COMMIT. */
export const notifyOthers = (sendAlong: SendAlong, payloads: readonly string[]): void => {
  if (payloads.length > 0) sendAlong({ statement: notify, values: [arrayLiteral(payloads)] });
};
