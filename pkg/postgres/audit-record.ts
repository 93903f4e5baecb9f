/**
 * Who asked for what: one row of audit_log for each answered request, and the columns many of them make together.
 */
import { arrayLiteral } from './array-literal.ts';
import type { BoundValue } from './statement.ts';

/** What a request says of the call it is made in. */
export type RequestContext = Readonly<Record<string, string>>;

export interface AuditRecord {
  readonly tenantId: string;
  readonly action: string;
  /** The keys asked for, as text; empty where an action has none. */
  readonly keys: readonly string[];
  readonly requestId: string;
  /** What answered: the slowest part that was needed. */
  readonly source: 'memory' | 'redis' | 'database' | 'cxone';
  readonly outcome: 'answered' | 'rolled_back';
  readonly context: RequestContext;
}

export const auditColumnCount = 7;

const target = 'INSERT INTO audit_log (tenant_id, customer_ids, action, request_id, source, outcome, context)';

/** Of one record alone, which costs half as much; `$first` is the first of seven parameters. */
export const auditRowInsert = (first: number): string => {
  const types = ['text', 'text[]', 'text', 'text', 'text', 'text', 'jsonb'];
  return `${target} VALUES (${types.map((type, index) => `$${first + index}::${type}`).join(', ')})`;
};

/** The values for `auditRowInsert`. */
export const auditRowValues = (record: AuditRecord): readonly BoundValue[] => [
  record.tenantId,
  arrayLiteral(record.keys),
  record.action,
  record.requestId,
  record.source,
  record.outcome,
  JSON.stringify(record.context),
];

/** `INSERT … SELECT` over seven array parameters, `$first` being the first of them. */
export const auditInsert = (first: number): string => {
  const arrays = Array.from({ length: auditColumnCount }, (_, index) => `$${first + index}::text[]`).join(', ');
  return `${target}
  SELECT a.tenant_id, a.keys::text[], a.action, a.request_id, a.source, a.outcome, a.context::jsonb
  FROM unnest(${arrays}) AS a(tenant_id, keys, action, request_id, source, outcome, context)`;
};

/** The seven array literals for `auditInsert`. */
export const auditValues = (records: readonly AuditRecord[]): readonly BoundValue[] => [
  arrayLiteral(records.map((record) => record.tenantId)),
  arrayLiteral(records.map((record) => arrayLiteral(record.keys))),
  arrayLiteral(records.map((record) => record.action)),
  arrayLiteral(records.map((record) => record.requestId)),
  arrayLiteral(records.map((record) => record.source)),
  arrayLiteral(records.map((record) => record.outcome)),
  arrayLiteral(records.map((record) => JSON.stringify(record.context))),
];
