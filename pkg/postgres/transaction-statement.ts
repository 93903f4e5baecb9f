/**
 * A statement of a transaction. One whose rows are answered returns them as ready JSON text, no more of it than shows that an
 * answer could not hold it.
 */
import { requestLimits } from '../process/limits.ts';
import type { CompiledStatement } from './compiled-statement.ts';
import { castPlaceholders, trimStatement } from './placeholders.ts';
import { createStatement } from './statement.ts';
import type { StatementResult } from './statement-batch.ts';

export interface TransactionStatement extends CompiledStatement {
  /** What it returns: rows as JSON texts, nothing but their count, or what the declared statement itself does. */
  readonly returns: 'rows' | 'count' | 'anything';
}

export interface TransactionRows {
  /** How many rows the statement returned or changed; of rows that are answered, no more than can be. */
  readonly count: number;
  /** JSON texts with a comma between them; cut off where they no longer fit an answer. Empty for a statement whose rows are not answered. */
  readonly rows: string;
}

/** More than fit into any answer, each with its comma. */
const rowsTooMany = Math.ceil(requestLimits.answerBytesMax / '{},'.length);
const charactersTooMany = requestLimits.answerBytesMax + 1;

/** A byte too much is enough to know that there is too much. One row with all of them: PostgreSQL plans such a statement anew each time,
 * and window functions that cut exactly take it three times as long. */
const rowsOf = (declared: string): string => `WITH r AS (
${declared}
)
SELECT count(*)::text AS count, left(string_agg(left(row_to_json(r)::text, ${charactersTooMany}), ','), ${charactersTooMany}) AS rows
FROM (SELECT * FROM r LIMIT ${rowsTooMany}) AS r`;

/** Rows that nobody is given stay in PostgreSQL, however many there are. Materialized, as what is not read would not be run. */
const countOf = (declared: string): string => `WITH r AS MATERIALIZED (
${declared}
)
SELECT count(*)::text AS count FROM r`;

/** By its first word: what begins with WITH may change data, and that has to stay at the top. */
const isQuery = (declared: string): boolean => /^\s*(?:SELECT|VALUES|TABLE)\b/i.test(declared);

const textOf = (declared: string, returns: TransactionStatement['returns']): string => {
  switch (returns) {
    case 'rows':
      return rowsOf(declared);
    case 'count':
      return countOf(declared);
    case 'anything':
      return declared;
  }
};

/** @param types  PostgreSQL types of `$1`, `$2`, … */
export const compileTransactionStatement = (
  text: string,
  { types, answersRows }: { readonly types: readonly string[]; readonly answersRows: boolean },
): TransactionStatement => {
  const declared = castPlaceholders(trimStatement(text), types);
  const returns = answersRows ? 'rows' : isQuery(declared) ? 'count' : 'anything';
  const statement = createStatement(textOf(declared, returns));
  return { declared, statement, valueCount: types.length, boundCount: types.length, returns };
};

/** @returns undefined for null */
const textField = (row: unknown, name: string): string | undefined => {
  const value: unknown = typeof row === 'object' && row !== null ? Reflect.get(row, name) : undefined;
  return typeof value === 'string' ? value : undefined;
};

export const readTransactionRows = (
  { returns }: TransactionStatement,
  { rows: [row], rowCount }: StatementResult,
): TransactionRows => {
  if (returns === 'anything') return { count: rowCount, rows: '' };
  const count = textField(row, 'count');
  if (count === undefined) throw new TypeError('a statement of a transaction without its count');
  return { count: Number(count), rows: textField(row, 'rows') ?? '' };
};
