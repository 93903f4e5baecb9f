/**
 * A registry over a real directory, with a stand-in for PostgreSQL's judgement of statements: what tests of the live
 * configuration begin with.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { CompiledTenant } from '../../pkg/actions/compile-tenant.ts';
import { decide } from '../../pkg/controller/decide.ts';
import { AppError } from '../../pkg/errors/app-error.ts';
import { type Parsed, parsed, refused } from '../../pkg/errors/problem.ts';
import type { StatementCheck } from '../../pkg/postgres/check-statement.ts';
import type { CompiledStatement } from '../../pkg/postgres/compiled-statement.ts';
import { compileLookup } from '../../pkg/postgres/lookup-statement.ts';
import { createManualClock, type ManualClock } from '../../pkg/process/manual-clock.ts';
import { createRegistry, type Registry, type Reload } from '../../pkg/registry/registry.ts';
import type { BundleTenant } from '../../pkg/tenant/bundle.ts';
import { writeBundle } from '../../pkg/tenant/bundle-directory.ts';
import { ownDirectory } from './owned.ts';
import { type TenantOptions, tenantManifests } from './tenants.ts';
import { until } from './until.ts';

/** As the controller would write them. */
export const bundleTenants = (tenants: readonly TenantOptions[]): readonly BundleTenant[] => {
  const { tenants: decided, verdicts } = decide(tenantManifests(tenants), []);
  const broken = verdicts.find(({ accepted, secretsResolved }) => !accepted.ok || !secretsResolved.ok);
  if (broken) throw new Error(`the test's own manifests are refused: ${JSON.stringify(broken)}`);
  return decided;
};

/** A spec with one lookup, told apart from others by `column`. */
export const lookupOf = (column: string) => ({
  actions: [
    {
      name: 'find',
      input: [{ name: 'ids', type: 'UUID', list: true }],
      lookup: {
        statement: `SELECT id, ${column} FROM customers WHERE tenant_id = $1 AND id = ANY($2)`,
        parameters: ['tenant_id', 'ids'],
        keys: 'ids',
        keyColumn: 'id',
        output: 'found',
      },
    },
  ],
});

/** The statements of the spec's lookups and nothing that runs; other kinds of action are refused. */
export const compileStandIn = ({ actions }: BundleTenant): Parsed<CompiledTenant> => {
  const statements: CompiledTenant['statements'][number][] = [];
  for (const [index, action] of actions.entries()) {
    if (action.kind !== 'lookup') return refused([{ path: `spec.actions[${index}]`, expected: 'a lookup' }]);
    const { statement: text, keyColumn } = action.lookup;
    const statement = compileLookup({ text, types: ['text', 'uuid[]'], keyColumn });
    statements.push({ path: `spec.actions[${index}].lookup.statement`, statement });
  }
  return parsed({ actions: new Map(), statements, lookups: [] });
};

export const accepted: StatementCheck = { verdict: 'accepted' };
export const rejected: StatementCheck = { verdict: 'rejected', sqlState: '42703' };
export const unknown: StatementCheck = { verdict: 'unknown', error: new AppError('database_unavailable') };

export interface TestRegistry {
  readonly registry: Registry;
  readonly dir: string;
  readonly clock: ManualClock;
  /** The declared texts that PostgreSQL was asked about, in order. */
  readonly asked: string[];
  readonly reloads: Reload[];
  /** Tenants whose outcome changed, in order. */
  readonly told: string[];
  readonly removed: string[];
  readonly errors: unknown[];
  /** What PostgreSQL says; `accepted` at first. */
  answerWith(judge: (statement: CompiledStatement) => StatementCheck | Promise<StatementCheck>): void;
  /** Writes the bundle; resolves when the registry has taken it over. */
  configure(tenants: readonly TenantOptions[]): Promise<void>;
  write(tenants: readonly TenantOptions[]): Promise<string>;
  /** `Applied/Applied`, state and reason. */
  outcome(tenantId: string): string | undefined;
}

export const createTestRegistry = (): TestRegistry => {
  const dir = join(ownDirectory('registry'), 'bundle');
  mkdirSync(dir);
  const clock = createManualClock();
  const asked: string[] = [];
  const reloads: Reload[] = [];
  const told: string[] = [];
  const removed: string[] = [];
  const errors: unknown[] = [];
  let judge: Parameters<TestRegistry['answerWith']>[0] = () => accepted;
  const registry = createRegistry({
    dir,
    clock,
    compile: compileStandIn,
    checkStatement: async (statement) => {
      asked.push(statement.declared);
      return judge(statement);
    },
    labelOf: (tenantId) => ({ text: `label of ${tenantId}` }),
    hooks: {
      onReload: (reload) => void reloads.push(reload),
      onTenant: ({ wanted }) => void told.push(wanted.tenantId),
      onRemoved: (tenantId) => void removed.push(tenantId),
      onError: (error) => void errors.push(error),
    },
  });
  const write: TestRegistry['write'] = async (tenants) =>
    (await writeBundle(dir, bundleTenants(tenants), clock)).revision;
  return {
    registry,
    dir,
    clock,
    asked,
    reloads,
    told,
    removed,
    errors,
    answerWith: (next) => {
      judge = next;
    },
    write,
    configure: async (tenants) => {
      const revision = await write(tenants);
      await until('the configuration', async () => {
        if (registry.report().revision !== revision) throw new Error('not taken over yet');
      });
    },
    outcome: (tenantId) => {
      const found = registry.report().tenants.find((tenant) => tenant.tenantId === tenantId);
      return found && `${found.state}/${found.reason}`;
    },
  };
};
