/**
 * One tenant's bundle entry to what serves its requests. Pure but for the services the actions will use.
 *
 * What this version does not run (kinds of action) is refused here with its path, like any other bad declaration.
 */
import type { CachedLookup } from '../cache/two-tier.ts';
import type { ApiClient } from '../cxone/api-client.ts';
import { type Parsed, type Problem, parsed, refused } from '../errors/problem.ts';
import type { LookupStatement } from '../postgres/lookup-statement.ts';
import type { BundleTenant } from '../tenant/bundle.ts';
import type { Action } from './action.ts';
import { type CxoneServices, compileCxoneAction } from './cxone-call.ts';
import { compileLookupAction, type LookupServices } from './lookup.ts';
import { type ActionRequest, compileRequest } from './request.ts';

export interface DeclaredStatement {
  /** Where it was declared: `spec.actions[0].lookup.statement`. */
  readonly path: string;
  readonly statement: LookupStatement;
}

export interface CompiledTenant {
  /** Decodes a verified body. */
  decodeRequest(body: unknown): Parsed<ActionRequest>;
  /** What PostgreSQL has to accept before the tenant is served. */
  readonly statements: readonly DeclaredStatement[];
  /** What invalidations have to know of its actions. */
  readonly lookups: readonly CachedLookup[];
  /** What its calls go through, where it has any. */
  readonly cxone?: ApiClient;
}

export interface ActionServices extends LookupServices {
  readonly cxone: CxoneServices;
}

export const compileTenant = (tenant: BundleTenant, services: ActionServices): Parsed<CompiledTenant> => {
  const actions = new Map<string, Action>();
  const statements: DeclaredStatement[] = [];
  const lookups: CachedLookup[] = [];
  const problems: Problem[] = [];
  const { tenantId, cache, audit, limits } = tenant;
  let client: ApiClient | undefined;
  for (const [index, spec] of tenant.actions.entries()) {
    const path = `spec.actions[${index}]`;
    if (spec.kind === 'cxone' && tenant.cxone) {
      client ??= services.cxone.clientFor(tenantId, tenant.cxone);
      actions.set(spec.name, compileCxoneAction(spec, { tenantId, audit, client }, services.cxone));
      continue;
    }
    if (spec.kind !== 'lookup') {
      problems.push({
        path: `${path}.${spec.kind}`,
        expected: 'a lookup or a cxone call: other kinds are not run by this version',
      });
      continue;
    }
    const { action, statement, cached } = compileLookupAction(
      spec,
      { tenantId, cache, audit, batchSize: limits.batchSize },
      services,
    );
    actions.set(action.name, action);
    lookups.push(cached);
    statements.push({ path: `${path}.lookup.statement`, statement });
  }
  if (problems.length > 0) return refused(problems);
  return parsed({ decodeRequest: compileRequest(actions), statements, lookups, ...(client ? { cxone: client } : {}) });
};
