/**
 * The rows of a declared lookup as ready JSON text, so that nothing between PostgreSQL and the caller has to understand them.
 *
 * However many there are, and however long, only so much of them leaves PostgreSQL: a lookup that is declared amiss must not take this process's
 * memory from all others.
 */
import { databaseLimits, requestLimits } from '../process/limits.ts';

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

/** The declared text stands in a sub-select, where PostgreSQL allows nothing that changes data. One row more than there may be shows that there are
 * too many. */
export const selectRows = (declared: string, keyColumn: string): string =>
  `SELECT r.${quoteName(keyColumn)}::text AS key, row_to_json(r)::text AS row
FROM (
${declared}
) AS r
LIMIT ${databaseLimits.lookupRowsMax + 1}`;

export const areTooMany = (rows: readonly KeyedRow[]): boolean => rows.length > databaseLimits.lookupRowsMax;

/** SQL, of a row: no more of it than shows that no answer could hold it. A look at its length costs next to nothing, and `left` half of what the row
 * itself does. */
export const cutRow = (row: string): string =>
  `CASE WHEN octet_length(${row}) > ${requestLimits.answerBytesMax} THEN left(${row}, ${requestLimits.answerBytesMax + 1}) ELSE ${row} END`;

export const isKeyedRow = (row: unknown): row is KeyedRow =>
  typeof row === 'object' &&
  row !== null &&
  'key' in row &&
  typeof row.key === 'string' &&
  'row' in row &&
  typeof row.row === 'string';
