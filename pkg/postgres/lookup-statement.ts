/**
 * A declared lookup as the one statement that is really run: it reads the rows of several requests of one tenant and
 * writes the audit row of each, in one round trip and one transaction. Or it reads alone, where the audit rows share another commit.
 *
 * The declared text stands in a sub-select, where PostgreSQL allows nothing that changes data. Rows come back as ready
 * JSON text, so that nothing between PostgreSQL and the caller has to understand them.
 */

import { hash } from 'node:crypto';
import type { Deadline } from '../resilience/deadline.ts';
import { arrayLiteral } from './array-literal.ts';
import { type AuditRecord, auditColumnCount, auditInsert, auditValues } from './audit-record.ts';
import type { CompiledStatement } from './compiled-statement.ts';
import type { Database } from './database.ts';
import { castPlaceholders, replacePlaceholders, trimStatement } from './placeholders.ts';
import { isPlainPlan, isPlainSelect } from './plain-select.ts';
import { type BoundValue, createStatement, createUnnamedStatement, type Statement } from './statement.ts';

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
  /** The rows of several readings, each with values of its own: an array of text for each parameter. Made when it is first needed; undefined
   * where the declared text is not plain enough to mean the same so. */
  together(): Statement | undefined;
}

const rowsOf = (declared: string, keyColumn: string): string =>
  `SELECT r.${quoteName(keyColumn)}::text AS key, row_to_json(r)::text AS row
FROM (
${declared}
) AS r`;

/**
 * The declared statement once for each reading, with columns where its parameters stand: PostgreSQL starts and ends one statement for all.
 *
 * The inner SELECTs hide how many readings there are, as PostgreSQL would make a new plan each time for a few. The first OFFSET 0 has each value
 * cast once, the second has the declared statement planned by itself, as it is with parameters.
 * The names are nobody else's, as they have a hash of the text, and CASE has none that an output column could get.
 */
const togetherText = ({ text, types, keyColumn }: LookupDeclaration): string => {
  const own = `dac_${hash('sha256', text).slice(0, 16)}`;
  const names = types.map((_, index) => `${own}_${index + 1}`);
  const casts = types.map((type, index) => `given.${names[index]}::${type}`);
  const arrays = types.map((_, index) => `(SELECT $${index + 1}::text[])`);
  const declared = replacePlaceholders(trimStatement(text), (place) => {
    const type = types[place - 1];
    return type && `(CASE WHEN true THEN ${own}.${names[place - 1]} END::${type})`;
  });
  return `SELECT ${own}.${own}_n AS n, found.key, found.row
FROM (
  SELECT given.${own}_n::int4, ${casts.join(', ')}
  FROM unnest(${arrays.join(', ')}) WITH ORDINALITY AS given(${names.join(', ')}, ${own}_n)
  OFFSET 0
) AS ${own}(${own}_n, ${names.join(', ')})
CROSS JOIN LATERAL (
${rowsOf(declared, keyColumn)}
OFFSET 0
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
    together: isPlainSelect(trimStatement(text)) ? later(() => togetherText(declaration)) : () => undefined,
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
    readonly onStart?: () => void;
  },
): Promise<readonly KeyedRow[]> => {
  const { values, records, deadline, onStart } = job;
  const rows = await (records
    ? database.query(lookup.statement, [...values, ...auditValues(records)], deadline, onStart)
    : database.query(lookup.readOnly(), values, deadline, onStart));
  return rows.filter(isKeyedRow);
};

/** Whether the shared form is plain as PostgreSQL would run it: what stands in views and policies shows in its plan alone. Nothing is run.
 * @param lookup  one that has a shared form
 * @throws as Database.query */
export const isPlanPlain = async (
  database: Database,
  { valueCount, together }: Pick<LookupStatement, 'valueCount' | 'together'>,
  deadline: Deadline,
): Promise<boolean> => {
  const explain = createUnnamedStatement(`EXPLAIN (VERBOSE, COSTS OFF) ${together()?.text}`);
  const rows = await database.query(explain, Array<null>(valueCount).fill(null), deadline);
  const plan = rows.flatMap((row) => Object.values(row ?? {})).filter((line) => typeof line === 'string');
  return isPlainPlan(plan, valueCount);
};

/** @param together  of a lookup that has one
 * @param job  `readings`: the declared parameters' values of each, in their order; at least one
 * @returns the rows of each, in their order; those without a key are left out
 * @throws as Database.query */
export const runLookupsTogether = async (
  database: Database,
  together: Statement,
  job: {
    readonly readings: readonly (readonly BoundValue[])[];
    readonly deadline: Deadline;
    readonly onStart?: () => void;
  },
): Promise<readonly (readonly KeyedRow[])[]> => {
  const { readings, deadline, onStart } = job;
  const columns = (readings[0] ?? []).map((_, index) => arrayLiteral(readings.map((values) => values[index] ?? null)));
  const found: KeyedRow[][] = readings.map(() => []);
  for (const row of await database.query(together, columns, deadline, onStart)) {
    if (isKeyedRow(row) && 'n' in row && typeof row.n === 'number') found[row.n - 1]?.push(row);
  }
  return found;
};
