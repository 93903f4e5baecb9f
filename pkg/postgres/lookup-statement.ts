/**
 * A declared lookup as the one statement that is really run: it reads the rows of several requests of one tenant and
 * writes the audit row of each, in one round trip and one transaction. Or it reads alone, where the audit rows share another commit.
 *
 * The declared text stands in a sub-select, where PostgreSQL allows nothing that changes data. Rows come back as ready
 * JSON text, so that nothing between PostgreSQL and the caller has to understand them.
 */

import type { Deadline } from '../resilience/deadline.ts';
import { type AuditRecord, auditColumnCount, auditInsert, auditValues } from './audit-record.ts';
import type { CompiledStatement } from './compiled-statement.ts';
import type { Database } from './database.ts';
import { castPlaceholders, trimStatement } from './placeholders.ts';
import { type BoundValue, createStatement, type Statement } from './statement.ts';

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

/** Its `statement` includes the audit rows. */
export interface LookupStatement extends CompiledStatement {
  /** The same rows, and nothing written. Made when it is first needed. */
  readOnly(): Statement;
}

export const compileLookup = ({ text, types, keyColumn }: LookupDeclaration): LookupStatement => {
  const declared = castPlaceholders(trimStatement(text), types);
  const select = `SELECT r.${quoteName(keyColumn)}::text AS key, row_to_json(r)::text AS row
FROM (
${declared}
) AS r`;
  const statement = createStatement(`WITH audit AS (
  ${auditInsert(types.length + 1)}
)
${select}`);
  let readOnly: Statement | undefined;
  return {
    declared,
    statement,
    valueCount: types.length,
    boundCount: types.length + auditColumnCount,
    readOnly: () => {
      readOnly ??= createStatement(select);
      return readOnly;
    },
  };
};

const isKeyedRow = (row: unknown): row is KeyedRow =>
  typeof row === 'object' &&
  row !== null &&
  'key' in row &&
  typeof row.key === 'string' &&
  'row' in row &&
  typeof row.row === 'string';

/** @param job  `values` of the declared parameters, in their order; `records` to be committed with the reading, left out: nothing is
 * @returns the rows; those without a key are left out
 * @throws as Database.query */
export const runLookup = async (
  database: Database,
  lookup: LookupStatement,
  job: {
    readonly values: readonly BoundValue[];
    readonly records?: readonly AuditRecord[] | undefined;
    readonly deadline: Deadline;
  },
): Promise<readonly KeyedRow[]> => {
  const { values, records, deadline } = job;
  const rows = await (records
    ? database.query(lookup.statement, [...values, ...auditValues(records)], deadline)
    : database.query(lookup.readOnly(), values, deadline));
  return rows.filter(isKeyedRow);
};
