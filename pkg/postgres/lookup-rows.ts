/**
 * The rows of a declared lookup as ready JSON text, so that nothing between PostgreSQL and the caller has to understand them.
 */

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

/** The declared text stands in a sub-select, where PostgreSQL allows nothing that changes data. */
export const selectRows = (declared: string, keyColumn: string): string =>
  `SELECT r.${quoteName(keyColumn)}::text AS key, row_to_json(r)::text AS row
FROM (
${declared}
) AS r`;

export const isKeyedRow = (row: unknown): row is KeyedRow =>
  typeof row === 'object' &&
  row !== null &&
  'key' in row &&
  typeof row.key === 'string' &&
  'row' in row &&
  typeof row.row === 'string';
