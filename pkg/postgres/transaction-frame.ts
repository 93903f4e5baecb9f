/**
 * What a transaction of a request does beside its declared statements, without a round trip of its own: its bounds, its audit row and what has to
 * be told to the other handlers. A fault here is the operator's (tables, grants), never the declaration's.
 */
import { arrayLiteral } from './array-literal.ts';
import { type AuditRecord, auditColumnCount, auditRowInsert, auditRowValues } from './audit-record.ts';
import { invalidationChannel } from './invalidation-channel.ts';
import { asOperatorFault } from './pg-error.ts';
import { createStatement } from './statement.ts';
import { renewedTimeout } from './statement-bound.ts';
import type { SendAlong } from './transaction.ts';

const notifying = (payloads: string): string =>
  `SELECT count(pg_notify('${invalidationChannel}', p)) FROM unnest(${payloads}::text[]) AS p`;

// Every wait of a statement, for locks too, ends with the transaction's deadline; lock_timeout would end some of them earlier. PostgreSQL bounds no
// commit: what deferred triggers wait for there ends when it ends.
const bound = createStatement(
  "SELECT set_config('lock_timeout', '0', true), set_config('statement_timeout', $1::text, true)",
);

// What is behind it is on its way already, and audit_log may be waited for.
const opening = createStatement(`WITH audit AS (
  ${auditRowInsert(1)}
)
SELECT ${renewedTimeout(`$${auditColumnCount + 1}`)},
  (${notifying(`$${auditColumnCount + 2}`)})`);

const notify = createStatement(notifying('$1'));

interface Opening {
  /** Of the first statement; as `statementTimeoutOf` gives it. */
  readonly timeout: string;
  /** What is told the other handlers if the transaction is committed. */
  readonly news: readonly string[];
}

/** The audit row holds if the transaction does. Goes along with the first statement. */
export const openFrame = (sendAlong: SendAlong, record: AuditRecord, { timeout, news }: Opening): void => {
  sendAlong({ statement: bound, values: [timeout] });
  sendAlong({
    statement: opening,
    values: [...auditRowValues(record), timeout, arrayLiteral(news)],
    blame: (error) => asOperatorFault('audit_log', error),
  });
};

/** The same news later, where the beginning could not know whether anything is changed. Goes along with COMMIT. */
export const notifyOthers = (sendAlong: SendAlong, payloads: readonly string[]): void => {
  if (payloads.length > 0) sendAlong({ statement: notify, values: [arrayLiteral(payloads)] });
};
