/**
 * What PostgreSQL said of declared statements: each text is asked about once, however many tenants declare it.
 *
 * Only verdicts of PostgreSQL are kept; while it cannot be asked, nothing is.
 */
import type { DeclaredStatement } from '../actions/compile-tenant.ts';
import type { LookupCheck } from '../postgres/check-lookup.ts';
import type { LookupStatement } from '../postgres/lookup-statement.ts';

export type StatementsVerdict =
  | { readonly verdict: 'accepted' }
  | { readonly verdict: 'rejected'; readonly path: string; readonly sqlState: string | undefined }
  | { readonly verdict: 'unknown' };

export interface StatementChecks {
  /** The first verdict that is not `accepted`, or that one. */
  check(statements: readonly DeclaredStatement[]): Promise<StatementsVerdict>;
  /** Drops what none of these statements needs. */
  keepOnly(statements: Iterable<DeclaredStatement>): void;
  /** A rejection may have been cured in the database: asks again from now on. */
  forgetRejections(): void;
}

export const createStatementChecks = (ask: (statement: LookupStatement) => Promise<LookupCheck>): StatementChecks => {
  const verdicts = new Map<string, Promise<LookupCheck>>();

  const verdictOf = async (statement: LookupStatement): Promise<LookupCheck> => {
    const name = statement.statement.name;
    const asked = verdicts.get(name) ?? ask(statement);
    verdicts.set(name, asked);
    try {
      const check = await asked;
      if (check.verdict === 'unknown') verdicts.delete(name);
      return check;
    } catch (error) {
      verdicts.delete(name);
      throw error;
    }
  };

  return {
    check: async (statements) => {
      for (const { path, statement } of statements) {
        const check = await verdictOf(statement);
        if (check.verdict === 'rejected') return { verdict: 'rejected', path, sqlState: check.sqlState };
        if (check.verdict === 'unknown') return { verdict: 'unknown' };
      }
      return { verdict: 'accepted' };
    },
    keepOnly: (statements) => {
      const needed = new Set([...statements].map(({ statement }) => statement.statement.name));
      for (const name of verdicts.keys()) if (!needed.has(name)) verdicts.delete(name);
    },
    forgetRejections: () => {
      for (const [name, asked] of verdicts) {
        void asked.then((check) => check.verdict === 'rejected' && verdicts.delete(name)).catch(() => {});
      }
    },
  };
};
