/**
 * A statement as PostgreSQL prepares it once per connection: text, name and slonik's query token, built once.
 */
import { hash } from 'node:crypto';
import { type QuerySqlToken, sql } from 'slonik';

/** Bound as text; the statement's casts give the type. Arrays are PostgreSQL array literals. */
export type BoundValue = string | null;

export interface Statement {
  readonly text: string;
  /** The same text has the same name everywhere, so that tenants with equal statements share what is prepared. */
  readonly name: string;
  token(values: readonly BoundValue[]): QuerySqlToken;
}

// slonik writes tokens from template literals only, but a configured statement is data. The values stay bound.
const blank = (): QuerySqlToken => sql.unsafe`-`;

export const createStatement = (text: string): Statement => {
  const name = `dac_${hash('sha256', text).slice(0, 24)}`;
  const base = { ...blank(), sql: text, name };
  return { text, name, token: (values) => ({ ...base, values }) };
};

/** A statement that is run once, or has to need nothing of its session: not kept prepared. Needs at least one value where its text is
 * not ours (without one, PostgreSQL's simple protocol would run several commands). */
export const createUnnamedStatement = (text: string): Statement => {
  const base = { ...blank(), sql: text };
  return { text, name: '', token: (values) => ({ ...base, values }) };
};
