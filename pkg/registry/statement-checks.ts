/**
 * What PostgreSQL said of declared statements: each text is asked about once, however many tenants declare it.
 *
 * Only verdicts of PostgreSQL are kept, for as long as some tenant declares the text; while it cannot be asked, nothing is.
 */
import type { DeclaredStatement } from '../actions/compile-tenant.ts';
import type { StatementCheck } from '../postgres/check-statement.ts';
import type { CompiledStatement } from '../postgres/compiled-statement.ts';
import { bundleLimits } from '../process/limits.ts';
import { createConcurrencyLimit } from './concurrency-limit.ts';

export type StatementsVerdict =
  | { readonly verdict: 'accepted' }
  | { readonly verdict: 'rejected'; readonly path: string; readonly sqlState: string | undefined }
  | { readonly verdict: 'unknown' };

export interface StatementChecks {
  /** The first verdict that is not `accepted`, or that one. From now on the tenant declares these and no others. */
  check(tenantId: string, statements: readonly DeclaredStatement[]): Promise<StatementsVerdict>;
  /** The tenant is gone. */
  forget(tenantId: string): void;
  /** A rejection may have been cured in the database: asks again from now on. */
  forgetRejections(): void;
}

interface Known {
  /** Tenants that declare it; forgotten with the last one. */
  tenants: number;
  verdict?: StatementCheck | undefined;
  asking?: Promise<StatementCheck> | undefined;
}

const namesOf = (statements: readonly DeclaredStatement[]): ReadonlySet<string> =>
  new Set(statements.map(({ statement }) => statement.statement.name));

export const createStatementChecks = (
  ask: (statement: CompiledStatement) => Promise<StatementCheck>,
): StatementChecks => {
  const withinLimit = createConcurrencyLimit(bundleLimits.statementChecksMax);
  const known = new Map<string, Known>();
  const declared = new Map<string, ReadonlySet<string>>();
  const rejected = new Set<Known>();

  const declare = (tenantId: string, names: ReadonlySet<string>): void => {
    const before = declared.get(tenantId) ?? new Set();
    if (names.size > 0) declared.set(tenantId, names);
    else declared.delete(tenantId);
    for (const name of names) {
      const entry = known.get(name) ?? { tenants: 0 };
      entry.tenants += before.has(name) ? 0 : 1;
      known.set(name, entry);
    }
    for (const name of before) {
      const entry = known.get(name);
      if (!entry || names.has(name)) continue;
      entry.tenants -= 1;
      if (entry.tenants > 0) continue;
      known.delete(name);
      rejected.delete(entry);
    }
  };

  const askFor = async (entry: Known, statement: CompiledStatement): Promise<StatementCheck> => {
    entry.asking = withinLimit(() => ask(statement));
    try {
      const check = await entry.asking;
      if (check.verdict !== 'unknown') entry.verdict = check;
      if (check.verdict === 'rejected' && known.get(statement.statement.name) === entry) rejected.add(entry);
      return check;
    } finally {
      entry.asking = undefined;
    }
  };

  const verdictOf = async (statement: CompiledStatement): Promise<StatementCheck> => {
    const entry = known.get(statement.statement.name) ?? { tenants: 0 };
    return entry.verdict ?? entry.asking ?? askFor(entry, statement);
  };

  return {
    check: async (tenantId, statements) => {
      declare(tenantId, namesOf(statements));
      for (const { path, statement } of statements) {
        const check = await verdictOf(statement);
        if (check.verdict === 'rejected') return { verdict: 'rejected', path, sqlState: check.sqlState };
        if (check.verdict === 'unknown') return { verdict: 'unknown' };
      }
      return { verdict: 'accepted' };
    },
    forget: (tenantId) => declare(tenantId, new Set()),
    forgetRejections: () => {
      for (const entry of rejected) entry.verdict = undefined;
      rejected.clear();
    },
  };
};
