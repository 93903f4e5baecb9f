/**
 * A declared lookup as the one statement that is really run: it reads the rows of several requests of one tenant and
 * writes the audit row of each, in one round trip and one transaction. Or it reads alone, where the audit rows share another commit.
 *
 * The declared text stands in a sub-select, where PostgreSQL allows nothing that changes data. Rows come back as ready
 * JSON text, so that nothing between PostgreSQL and the caller has to understand them.
 */

import type { Deadline } from '../resilience/deadline.ts';
import { arrayLiteral } from './array-literal.ts';
import { type AuditRecord, auditColumnCount, auditInsert, auditValues } from './audit-record.ts';
import type { CompiledStatement } from './compiled-statement.ts';
import type { Database } from './database.ts';
import { castPlaceholders, columnsForPlaceholders, trimStatement } from './placeholders.ts';
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
  /** The rows of several readings, each with values of its own: an array of text for each parameter. Made when it is first needed. */
  together(): Statement;
}

const rowsOf = (declared: string, keyColumn: string): string =>
  `SELECT r.${quoteName(keyColumn)}::text AS key, row_to_json(r)::text AS row
FROM (
${declared}
) AS r`;

/**
 * The declared statement once for each reading, with columns where its parameters stand: PostgreSQL starts and ends one statement for all.
 *
 * A declaration that uses a parameter where PostgreSQL wants a constant (LIMIT, an aggregate of nothing else) is refused so. The inner SELECTs
 * hide how many readings there are, as PostgreSQL would make a new plan each time for a few; OFFSET 0 has each value cast once.
 */
const togetherText = ({ text, types, keyColumn }: LookupDeclaration): string => {
  const names = types.map((_, index) => `p${index + 1}`);
  const casts = types.map((type, index) => `given.p${index + 1}::${type} AS p${index + 1}`);
  const arrays = types.map((_, index) => `(SELECT $${index + 1}::text[])`);
  const declared = columnsForPlaceholders(
    trimStatement(text),
    names.map((name) => `dac_reading.${name}`),
  );
  return `SELECT dac_reading.n, found.key, found.row
FROM (
  SELECT given.n::int4 AS n, ${casts.join(', ')}
  FROM unnest(${arrays.join(', ')}) WITH ORDINALITY AS given(${names.join(', ')}, n)
  OFFSET 0
) AS dac_reading
CROSS JOIN LATERAL (
${rowsOf(declared, keyColumn)}
) AS found`;
};

/** Made when it is first needed. */
const later = (text: () => string): (() => Statement) => {
  let made: Statement | undefined;
  return () => {
    made ??= createStatement(text());
    return made;
  };
};

export const compileLookup = (declaration: LookupDeclaration): LookupStatement => {
  const { text, types, keyColumn } = declaration;
  const declared = castPlaceholders(trimStatement(text), types);
  const select = rowsOf(declared, keyColumn);
  const statement = createStatement(`WITH audit AS (
  ${auditInsert(types.length + 1)}
)
${select}`);
  return {
    declared,
    statement,
    valueCount: types.length,
    boundCount: types.length + auditColumnCount,
    readOnly: later(() => select),
    together: later(() => togetherText(declaration)),
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

/** @param readings  the declared parameters' values of each, in their order; at least one
 * @returns the rows of each, in their order; those without a key are left out
 * @throws as Database.query */
export const runLookupsTogether = async (
  database: Database,
  lookup: LookupStatement,
  { readings, deadline }: { readonly readings: readonly (readonly BoundValue[])[]; readonly deadline: Deadline },
): Promise<readonly (readonly KeyedRow[])[]> => {
  const columns = (readings[0] ?? []).map((_, index) => arrayLiteral(readings.map((values) => values[index] ?? null)));
  const found: KeyedRow[][] = readings.map(() => []);
  for (const row of await database.query(lookup.together(), columns, deadline)) {
    if (isKeyedRow(row) && 'n' in row && typeof row.n === 'number') found[row.n - 1]?.push(row);
  }
  return found;
};
