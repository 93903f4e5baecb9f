/**
 * A statement of a transaction. One whose rows are answered returns them as ready JSON text, no more of them than an answer
 * could hold, and how many there were in all.
 */
import { requestLimits } from '../process/limits.ts';
import type { CompiledStatement } from './compiled-statement.ts';
import type { StatementResult } from './database.ts';
import { castPlaceholders, trimStatement } from './placeholders.ts';
import { createStatement } from './statement.ts';

export interface TransactionStatement extends CompiledStatement {
  /** What it returns: rows as JSON texts, nothing but their count, or what the declared statement itself does. */
  readonly returns: 'rows' | 'count' | 'anything';
}

export interface TransactionRows {
  /** How many rows the statement returned or changed. */
  readonly count: number;
  /** JSON texts; cut off where they no longer fit an answer. Empty for a statement whose rows are not answered. */
  readonly rows: readonly string[];
}

/** The rows up to the first that does not fit any more, itself cut: it is enough to know that there is too much. */
const rowsOf = (declared: string): string => `WITH r AS (
${declared}
), answered AS (
  SELECT row_to_json(r)::text AS row FROM r
), measured AS (
  SELECT row, count(*) OVER () AS count, sum(octet_length(row)) OVER (ROWS UNBOUNDED PRECEDING) - octet_length(row) AS before
  FROM answered
)
SELECT left(row, ${requestLimits.answerBytesMax + 1}) AS row, count::text AS count FROM measured WHERE before <= ${requestLimits.answerBytesMax}`;

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

const textField = (row: unknown, name: string): string => {
  const value: unknown = typeof row === 'object' && row !== null ? Reflect.get(row, name) : undefined;
  if (typeof value !== 'string') throw new TypeError(`a row without the text ${name}`);
  return value;
};

export const readTransactionRows = (
  { returns }: TransactionStatement,
  { rows, rowCount }: StatementResult,
): TransactionRows => {
  if (returns === 'anything') return { count: rowCount, rows: [] };
  const [first] = rows;
  return {
    count: first === undefined ? 0 : Number(textField(first, 'count')),
    rows: returns === 'rows' ? rows.map((row) => textField(row, 'row')) : [],
  };
};
