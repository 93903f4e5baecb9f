/**
 * One tenant's bundle entry to what serves its requests. Pure but for the services the actions will use.
 */
import type { CachedLookup } from '../cache/served-lookups.ts';
import type { ApiClient } from '../cxone/api-client.ts';
import { type Parsed, type Problem, parsed, refused } from '../errors/problem.ts';
import type { CompiledStatement } from '../postgres/compiled-statement.ts';
import type { LookupAction, TransactionAction } from '../tenant/action-spec.ts';
import type { BundleTenant } from '../tenant/bundle.ts';
import type { Action, Actions } from './action.ts';
import { type CxoneServices, compileCxoneAction } from './cxone-call.ts';
import { compileInvalidated } from './invalidated-lookups.ts';
import { compileLookupAction, type LookupServices } from './lookup.ts';
import type { PoolShare, PoolShares } from './pool-shares.ts';
import { compileTransactionAction, type TransactionServices } from './transaction.ts';

export interface DeclaredStatement {
  /** Where it was declared: `spec.actions[0].lookup.statement`. */
  readonly path: string;
  readonly statement: CompiledStatement;
}

export interface CompiledTenant {
  readonly actions: Actions;
  /** What PostgreSQL has to accept before the tenant is served. */
  readonly statements: readonly DeclaredStatement[];
  /** What invalidations have to know of its actions. */
  readonly lookups: readonly CachedLookup[];
  /** What its calls go through, where it has any. */
  readonly cxone?: ApiClient;
}

export interface ActionServices extends LookupServices, TransactionServices {
  readonly shares: PoolShares;
  readonly cxone: CxoneServices;
}

/** What one action adds to its tenant. */
interface Compiled {
  readonly action: Action;
  /** Paths below the action. */
  readonly statements: readonly DeclaredStatement[];
  readonly cached?: CachedLookup;
}

/** A tenant, and what its actions of one kind hold of the pool. */
interface SharingTenant {
  readonly tenant: BundleTenant;
  readonly share: PoolShare;
}

const compileLookup = (spec: LookupAction, { tenant, share }: SharingTenant, services: ActionServices): Compiled => {
  const { tenantId, cache, audit, limits } = tenant;
  const settings = { tenantId, cache, audit, share, batchSize: limits.batchSize };
  const { action, statement, cached } = compileLookupAction(spec, settings, services);
  return { action, cached, statements: [{ path: 'lookup.statement', statement }] };
};

const compileTransaction = (
  spec: TransactionAction,
  { tenant, share }: SharingTenant,
  services: ActionServices,
): Compiled => {
  const { tenantId, limits, actions } = tenant;
  const settings = { tenantId, batchSize: limits.batchSize, share, invalidated: compileInvalidated(spec, actions) };
  const { action, steps } = compileTransactionAction(spec, settings, services);
  const statements = steps.map(({ statement }, at) => ({ path: `transaction.statements[${at}].text`, statement }));
  return { action, statements };
};

export const compileTenant = (tenant: BundleTenant, services: ActionServices): Parsed<CompiledTenant> => {
  const actions = new Map<string, Action>();
  const statements: DeclaredStatement[] = [];
  const lookups: CachedLookup[] = [];
  const problems: Problem[] = [];
  const shares = services.shares.of(tenant.tenantId);
  let client: ApiClient | undefined;
  const add = (compiled: Compiled, path: string): void => {
    actions.set(compiled.action.name, compiled.action);
    for (const { path: place, statement } of compiled.statements)
      statements.push({ path: `${path}.${place}`, statement });
    if (compiled.cached) lookups.push(compiled.cached);
  };
  for (const [index, spec] of tenant.actions.entries()) {
    const path = `spec.actions[${index}]`;
    switch (spec.kind) {
      case 'lookup':
        add(compileLookup(spec, { tenant, share: shares.lookups }, services), path);
        break;
      case 'transaction':
        add(compileTransaction(spec, { tenant, share: shares.transactions }, services), path);
        break;
      case 'cxone':
        if (tenant.cxone) client ??= services.cxone.clientFor(tenant.tenantId, tenant.cxone);
        if (client)
          add(
            {
              action: compileCxoneAction(
                spec,
                { tenantId: tenant.tenantId, audit: tenant.audit, client },
                services.cxone,
              ),
              statements: [],
            },
            path,
          );
        else problems.push({ path: 'spec.cxone', expected: 'required by an action of kind cxone' });
    }
  }
  if (problems.length > 0) return refused(problems);
  return parsed({ actions, statements, lookups, ...(client ? { cxone: client } : {}) });
};
