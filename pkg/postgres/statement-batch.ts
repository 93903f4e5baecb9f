/**
 * Several statements that are sent together and answered one by one: one round trip. Each is still a statement of its own to PostgreSQL;
 * in a transaction, those behind one that fails fail too.
 *
 * To slonik, which stands between, a batch is one query, and its values are lists.
 */
import type { QuerySqlToken } from 'slonik';
import { type BoundValue, createUnnamedStatement, type Statement } from './statement.ts';

/** What one statement did. */
export interface StatementResult {
  /** As the driver gives them: objects by column name. */
  readonly rows: readonly unknown[];
  /** Rows returned or changed, as PostgreSQL's command tag says. */
  readonly rowCount: number;
}

export interface BoundStatement {
  readonly statement: Statement;
  readonly values: readonly BoundValue[];
  /** Whose fault it is when PostgreSQL refuses it; left out: the error says it. */
  readonly blame?: (error: unknown) => unknown;
}

/** What became of one of them. */
export type StatementOutcome = StatementResult | { readonly error: unknown };

/** Sends them in one packet on the connection that was lent. What PostgreSQL refuses is an outcome, and not thrown.
 * @returns one outcome for each */
export type RunTogether = (statements: readonly BoundStatement[]) => Promise<readonly StatementOutcome[]>;

export interface BatchEntry {
  /** Empty: not kept prepared. */
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
}

/** No statement that anybody declares: PostgreSQL would answer nothing to it. */
const batch = createUnnamedStatement('-- several statements');

export const batchToken = (statements: readonly BoundStatement[]): QuerySqlToken => ({
  ...batch.token([]),
  values: statements.map(({ statement: { name, text }, values }) => [name, text, ...values]),
});

const isEntry = (value: unknown): value is [name: string, text: string, ...values: unknown[]] =>
  Array.isArray(value) && typeof value[0] === 'string' && typeof value[1] === 'string';

/** @returns undefined for any other query */
export const decodeBatch = (text: string, values: readonly unknown[]): readonly BatchEntry[] | undefined => {
  if (text !== batch.text) return undefined;
  return values.filter(isEntry).map(([name, text, ...rest]) => ({ name, text, values: rest }));
};

const isOutcome = (value: unknown): value is StatementOutcome =>
  typeof value === 'object' && value !== null && ('error' in value || ('rows' in value && 'rowCount' in value));

/** @param rows  what the driver answers to a batch: one row with the outcomes of all */
export const outcomesOf = ([row]: readonly unknown[]): readonly StatementOutcome[] => {
  const outcomes: unknown = typeof row === 'object' && row !== null ? Reflect.get(row, 'outcomes') : undefined;
  return Array.isArray(outcomes) ? outcomes.filter(isOutcome) : [];
};
