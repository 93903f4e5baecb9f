/**
 * A statement of a transaction. One whose rows are answered returns them as ready JSON text, no more of it than shows that an
 * answer could not hold it.
 *
 * Where its rows are answered or counted PostgreSQL itself holds it to what it expects, and refuses it otherwise, so that what comes next can
 * be sent along, the commit too.
 */
import { requestLimits } from '../process/limits.ts';
import type { RowExpectation } from '../tenant/transaction-spec.ts';
import type { CompiledStatement } from './compiled-statement.ts';
import { type Kept, keptFormOf } from './kept-plan.ts';
import { castPlaceholders, trimStatement } from './placeholders.ts';
import { refuse } from './refusal.ts';
import { createStatement } from './statement.ts';
import type { StatementResult } from './statement-batch.ts';

type TransactionForm = Pick<CompiledStatement, 'statement'>;

export interface TransactionStatement extends CompiledStatement {
  /** The same, for a plan that PostgreSQL may keep. Left out where it has no list. */
  readonly kept?: (() => Kept<TransactionForm>) | undefined;
  /** What it returns: rows as JSON texts, nothing but their count, or what the declared statement itself does. */
  readonly returns: 'rows' | 'count' | 'anything';
  /** Whether nothing of it has to be looked at before what comes next: PostgreSQL holds it to what it expects, if it expects anything. */
  readonly isHeld: boolean;
}

export interface TransactionRows {
  /** How many rows the statement returned or changed; of rows that are answered, no more than can be. */
  readonly count: number;
  /** JSON texts with a comma between them; cut off where they no longer fit an answer. Empty for a statement whose rows are not answered. */
  readonly rows: string;
}

interface StatementOptions {
  /** PostgreSQL types of `$1`, `$2`, … */
  readonly types: readonly string[];
  readonly answersRows: boolean;
  readonly expectRows: RowExpectation;
  /** What its rows and the digits of their count may have in an answer that is theirs alone, in bytes of UTF-8. Left out: it is not measured. */
  readonly bytesMax?: number | undefined;
}

/** More than fit into any answer, each with its comma. */
const rowsTooMany = Math.ceil(requestLimits.answerBytesMax / '{},'.length);
const charactersTooMany = requestLimits.answerBytesMax + 1;

/** Rows of an answer as one row with all of them. Window functions that cut exactly take PostgreSQL three times as long. */
const gatherRows = `SELECT count(*) AS n, left(string_agg(left(row_to_json(r)::text, ${charactersTooMany}), ','), ${charactersTooMany}) AS rows
  FROM (SELECT * FROM r LIMIT ${rowsTooMany}) AS r`;

/** @param keys  the parameter behind the declared ones: the keys that PerKey counts */
const heldColumns = ({ expectRows, bytesMax }: StatementOptions, keys: number) => {
  const isUnmet = { Any: 'false', AtLeastOne: 's.n = 0', PerKey: `s.n <> $${keys}::int` }[expectRows];
  const isTooLong = `octet_length(convert_to(s.rows, 'UTF8')) + length(s.n::text) > ${bytesMax}`;
  return {
    count: `CASE WHEN ${isUnmet} THEN ${refuse('unmet', 's.n')}::text ELSE s.n::text END AS count`,
    rows:
      bytesMax === undefined
        ? 's.rows'
        : `CASE WHEN ${isTooLong} THEN ${refuse('tooLong', 's.n')}::text ELSE s.rows END AS rows`,
  };
};

type HeldColumns = ReturnType<typeof heldColumns>;

const rowsOf = (declared: string, { count, rows }: HeldColumns): string => `WITH r AS (
${declared}
)
SELECT ${count},
  ${rows}
FROM (
  ${gatherRows}
) AS s`;

/** Rows that nobody is given stay in PostgreSQL, however many there are. Materialized, as what is not read would not be run. */
const countOf = (declared: string, { count }: HeldColumns): string => `WITH r AS MATERIALIZED (
${declared}
)
SELECT ${count}
FROM (SELECT count(*) AS n FROM r) AS s`;

/** By its first word: what begins with WITH may change data, and that has to stay at the top. */
const isQuery = (declared: string): boolean => /^\s*(?:SELECT|VALUES|TABLE)\b/i.test(declared);

export const compileTransactionStatement = (text: string, options: StatementOptions): TransactionStatement => {
  const { types, answersRows, expectRows } = options;
  const declared = castPlaceholders(trimStatement(text), types);
  const valueCount = types.length;
  const forms = (statementText: (declared: string) => string) => {
    const formOf = (within: string): TransactionForm => ({ statement: createStatement(statementText(within)) });
    return { ...formOf(declared), kept: keptFormOf({ text, types }, formOf) };
  };
  if (!answersRows && !isQuery(declared)) {
    const isHeld = expectRows === 'Any';
    return { declared, ...forms((alone) => alone), valueCount, boundCount: valueCount, returns: 'anything', isHeld };
  }
  const columns = heldColumns(options, valueCount + 1);
  const [returns, around] = answersRows ? (['rows', rowsOf] as const) : (['count', countOf] as const);
  const boundCount = valueCount + (expectRows === 'PerKey' ? 1 : 0);
  return { declared, ...forms((within) => around(within, columns)), valueCount, boundCount, returns, isHeld: true };
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
