/**
 * A declared lookup as the one statement that is really run: it reads the rows of several requests of one tenant and
 * writes the audit row of each, in one round trip and one transaction.
 *
 * The declared text stands in a sub-select, where PostgreSQL allows nothing that changes data. Rows come back as ready
 * JSON text, so that nothing between PostgreSQL and the caller has to understand them.
 */

import type { Deadline } from '../resilience/deadline.ts';
import { type AuditRecord, auditColumnCount, auditInsert, auditValues } from './audit-record.ts';
import type { CompiledStatement } from './compiled-statement.ts';
import type { Database } from './database.ts';
import { castPlaceholders, trimStatement } from './placeholders.ts';
import { type BoundValue, createStatement } from './statement.ts';

export interface LookupDeclaration {
  readonly text: string;
  /** PostgreSQL types of `$1`, `$2`, … */
  readonly types: readonly string[];
  readonly keyColumn: string;
}

export interface KeyedRow {
  readonly key: string;
  /** JSON text. */
  readonly row: string;
}

const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** What is run includes the audit rows. */
export const compileLookup = ({ text, types, keyColumn }: LookupDeclaration): CompiledStatement => {
  const declared = castPlaceholders(trimStatement(text), types);
  const statement = createStatement(`WITH audit AS (
  ${auditInsert(types.length + 1)}
)
SELECT r.${quoteName(keyColumn)}::text AS key, row_to_json(r)::text AS row
FROM (
${declared}
) AS r`);
  return { declared, statement, valueCount: types.length, boundCount: types.length + auditColumnCount };
};

const isKeyedRow = (row: unknown): row is KeyedRow =>
  typeof row === 'object' &&
  row !== null &&
  'key' in row &&
  typeof row.key === 'string' &&
  'row' in row &&
  typeof row.row === 'string';

/** @param values  of the declared parameters, in their order
 * @returns the rows; those without a key are left out
 * @throws as Database.query */
export const runLookup = async (
  database: Database,
  lookup: CompiledStatement,
  job: {
    readonly values: readonly BoundValue[];
    readonly records: readonly AuditRecord[];
    readonly deadline: Deadline;
  },
): Promise<readonly KeyedRow[]> => {
  const rows = await database.query(lookup.statement, [...job.values, ...auditValues(job.records)], job.deadline);
  return rows.filter(isKeyedRow);
};
