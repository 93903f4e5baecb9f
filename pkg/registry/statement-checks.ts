/**
 * What PostgreSQL said of declared statements: each text is asked about once, however many tenants declare it.
 *
 * Only verdicts of PostgreSQL are kept, for as long as some tenant declares the text; while it cannot be asked, nothing is. When one question
 * comes to nothing, for a lock or a silent server, nobody waits for those behind it any more: they are asked all the same, and told late.
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
  /** The first rejection, which its owner can mend; or `unknown` where a verdict is missing. From now on the tenant declares these and no others.
   * Where it is `unknown` because others were: `onLate` says when to ask again. */
  check(tenantId: string, statements: readonly DeclaredStatement[]): Promise<StatementsVerdict>;
  /** The tenant is gone. */
  forget(tenantId: string): void;
  /** A rejection may have been cured in the database: asks again from now on. */
  forgetRejections(): void;
}

interface Known {
  /** Tenants that declare it; forgotten with the last one. */
  tenants: number;
  verdict?: StatementCheck;
  /** The verdict holds until there is another one, and is asked about again. */
  doubted?: boolean;
  /** Until there is an answer. Resolves before, as `unknown`, where nobody should wait for it any more. */
  asking?: Promise<StatementCheck> | undefined;
  /** Tenants that did not wait for the answer. */
  late: Set<string>;
}

const createKnown = (): Known => ({ tenants: 0, late: new Set() });

const namesOf = (statements: readonly DeclaredStatement[]): ReadonlySet<string> =>
  new Set(statements.map(({ statement }) => statement.statement.name));

/** @param onLate  there is a verdict that the tenant's check did not wait for */
export const createStatementChecks = (
  ask: (statement: CompiledStatement) => Promise<StatementCheck>,
  onLate: (tenantId: string) => void,
): StatementChecks => {
  const withinLimit = createConcurrencyLimit(bundleLimits.statementChecksMax);
  const known = new Map<string, Known>();
  const declared = new Map<string, ReadonlySet<string>>();
  const rejected = new Set<Known>();
  /** Tells who waits for a question that was not put yet. */
  const queued = new Set<(check: StatementCheck) => void>();

  const declare = (tenantId: string, names: ReadonlySet<string>): void => {
    const before = declared.get(tenantId) ?? new Set();
    if (names.size > 0) declared.set(tenantId, names);
    else declared.delete(tenantId);
    for (const name of names) {
      const entry = known.get(name) ?? createKnown();
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

  const learn = (entry: Known, name: string, check: StatementCheck): void => {
    if (check.verdict === 'unknown') {
      for (const tell of queued) tell(check);
      queued.clear();
      return;
    }
    entry.verdict = check;
    entry.doubted = false;
    if (check.verdict === 'rejected' && known.get(name) === entry) rejected.add(entry);
    for (const tenantId of entry.late) onLate(tenantId);
  };

  const put = async (entry: Known, statement: CompiledStatement): Promise<StatementCheck> => {
    try {
      const check = await ask(statement);
      learn(entry, statement.statement.name, check);
      return check;
    } finally {
      entry.asking = undefined;
      entry.late.clear();
    }
  };

  const askFor = (entry: Known, statement: CompiledStatement): Promise<StatementCheck> => {
    const { promise, resolve, reject } = Promise.withResolvers<StatementCheck>();
    // Whose first statement is refused does not listen to the second.
    promise.catch(() => {});
    entry.asking = promise;
    queued.add(resolve);
    withinLimit(() => {
      queued.delete(resolve);
      return put(entry, statement);
    }).then(resolve, reject);
    return promise;
  };

  const verdictOf = async (tenantId: string, entry: Known, asked: Promise<StatementCheck>): Promise<StatementCheck> => {
    const check = await asked;
    if (check.verdict !== 'unknown') return check;
    if (entry.asking) entry.late.add(tenantId);
    // What was refused stays so until PostgreSQL says otherwise.
    return entry.verdict ?? check;
  };

  const begin = (entry: Known, statement: CompiledStatement): Promise<StatementCheck> =>
    entry.verdict && !entry.doubted ? Promise.resolve(entry.verdict) : (entry.asking ?? askFor(entry, statement));

  return {
    check: async (tenantId, statements) => {
      declare(tenantId, namesOf(statements));
      // All at once: behind one that nothing is heard of, another may be wrong.
      const begun = statements.map(({ path, statement }) => {
        const entry = known.get(statement.statement.name) ?? createKnown();
        return { path, entry, asked: begin(entry, statement) };
      });
      let verdict: StatementsVerdict = { verdict: 'accepted' };
      for (const { path, entry, asked } of begun) {
        const check = await verdictOf(tenantId, entry, asked);
        if (check.verdict === 'rejected') return { verdict: 'rejected', path, sqlState: check.sqlState };
        if (check.verdict === 'unknown') verdict = { verdict: 'unknown' };
      }
      return verdict;
    },
    forget: (tenantId) => declare(tenantId, new Set()),
    forgetRejections: () => {
      for (const entry of rejected) entry.doubted = true;
      rejected.clear();
    },
  };
};
