/**
 * What a transaction of a request does beside its declared statements, without a round trip of its own: its audit row and what has to be told to the
 * other handlers. A fault here is the operator's (tables, grants), never the declaration's.
 */
import { arrayLiteral } from './array-literal.ts';
import { type AuditRecord, auditColumnCount, auditRowInsert, auditRowValues } from './audit-record.ts';
import { invalidationChannel } from './invalidation-channel.ts';
import { asOperatorFault } from './pg-error.ts';
import { createStatement } from './statement.ts';
import type { SendAlong } from './transaction.ts';

const notifying = (payloads: string): string =>
  `SELECT count(pg_notify('${invalidationChannel}', p)) FROM unnest(${payloads}::text[]) AS p`;

const audit = createStatement(auditRowInsert(1));
const auditAndNotify = createStatement(`WITH audit AS (
  ${auditRowInsert(1)}
)
${notifying(`$${auditColumnCount + 1}`)}`);

const notify = createStatement(notifying('$1'));

/** The audit row holds if the transaction does. Goes along with the first statement.
 * @param news  what is told the other handlers if the transaction is committed */
export const openFrame = (sendAlong: SendAlong, record: AuditRecord, news: readonly string[]): void => {
  const values = auditRowValues(record);
  const blame = (error: unknown) => asOperatorFault('audit_log', error);
  if (news.length === 0) sendAlong({ statement: audit, values, blame });
  else sendAlong({ statement: auditAndNotify, values: [...values, arrayLiteral(news)], blame });
};

/** The same news later, where the beginning could not know whether anything is changed. Goes along with COMMIT. */
export const notifyOthers = (sendAlong: SendAlong, payloads: readonly string[]): void => {
  if (payloads.length > 0) sendAlong({ statement: notify, values: [arrayLiteral(payloads)] });
};
