/**
 * Several statements that are sent together and answered together: one round trip. Each is still a statement of its own to PostgreSQL, which
 * passes over those behind one that fails. Where they neither begin nor end a transaction they are one: what they did holds, or nothing.
 *
 * To slonik, which stands between, a batch is one query, and its values are lists.
 */
import type { QuerySqlToken } from 'slonik';
import { isRefusal } from './pg-error.ts';
import { type BoundValue, createUnnamedStatement, type Statement } from './statement.ts';

/** What one statement did. */
export interface StatementResult<Row = unknown> {
  /** As the driver gives them: objects by column name. */
  readonly rows: readonly Row[];
  /** Rows returned or changed, as PostgreSQL's command tag says. */
  readonly rowCount: number;
}

export interface BoundStatement {
  readonly statement: Statement;
  readonly values: readonly BoundValue[];
  /** Whose fault it is when PostgreSQL refuses it; left out: the error says it. */
  readonly blame?: (error: unknown) => unknown;
}

/** What became of them. */
export interface BatchOutcome<Row = unknown> {
  /** Of those that were run, in their order. */
  readonly results: readonly StatementResult<Row>[];
  /** Why the statement behind those failed, and with it all that came behind it. With a result for each of them: why they do not hold, or that
   * nobody knows. */
  readonly failure?: { readonly error: unknown };
}

export interface Failure {
  /** Of the statement; as many as there are: the packet's own end, which commits what they did. */
  readonly index: number;
  readonly error: unknown;
  /** What it is told as. */
  readonly blamed: unknown;
}

/** Undefined if all of them succeeded. */
export const failureOf = (
  statements: readonly BoundStatement[],
  { results, failure }: BatchOutcome,
): Failure | undefined => {
  if (failure === undefined) return undefined;
  const index = results.length;
  const { error } = failure;
  // Whoever is to blame, a connection that is gone has to be told from a refusal.
  return { index, error, blamed: isRefusal(error) ? (statements[index]?.blame?.(error) ?? error) : error };
};

/** Sends them in one packet on the connection that was lent. What PostgreSQL refuses is an outcome, and not thrown. */
export type RunTogether = (statements: readonly BoundStatement[]) => Promise<BatchOutcome>;

export interface BatchEntry {
  /** Empty: not kept prepared. */
  readonly name: string;
  readonly text: string;
  readonly values: BoundValue[];
}

/** No statement that anybody declares: PostgreSQL would answer nothing to it. */
const batch = createUnnamedStatement('-- several statements');

export const batchToken = (statements: readonly BoundStatement[]): QuerySqlToken => ({
  ...batch.token([]),
  values: statements.map(({ statement: { name, text }, values }) => [name, text, ...values]),
});

/** Of those that slonik lets pass, which are all ours. */
export const boundValues = (values: readonly unknown[]): BoundValue[] =>
  values.map((value) => (value === null ? null : String(value)));

/** @returns undefined for any other query */
export const decodeBatch = (text: string, values: readonly unknown[]): readonly BatchEntry[] | undefined => {
  if (text !== batch.text) return undefined;
  return values.filter(Array.isArray).map(([name, text, ...rest]) => ({
    name: String(name),
    text: String(text),
    values: boundValues(rest),
  }));
};

const isOutcome = (value: unknown): value is BatchOutcome =>
  typeof value === 'object' && value !== null && 'results' in value;

/** @param rows  what the driver answers to a batch: one row with what became of it */
export const outcomeOf = ([row]: readonly unknown[]): BatchOutcome => {
  const outcome: unknown = typeof row === 'object' && row !== null ? Reflect.get(row, 'outcome') : undefined;
  if (!isOutcome(outcome)) throw new TypeError('a batch without an outcome');
  return outcome;
};
