/**
 * Where each DataActionConfig stood at the last decision, and which of them stand elsewhere than before.
 */
import type { BundleTenant } from '../tenant/bundle.ts';
import { objectKey } from './candidate.ts';
import type { Standing } from './conditions.ts';
import type { Decision } from './decide.ts';

type Decided = Omit<Standing, 'report'>;

export interface Standings {
  /** @returns the objects that are new, gone, or decided otherwise, as `namespace/name` */
  update(decision: Decision): readonly string[];
  get(key: string): Decided | undefined;
  keys(): Iterable<string>;
  /** @returns the objects whose tenants these are */
  owners(tenantIds: readonly string[]): readonly string[];
}

export const createStandings = (): Standings => {
  let standings: ReadonlyMap<string, Decided> = new Map();
  let owners: ReadonlyMap<string, string> = new Map();
  return {
    update: ({ tenants, verdicts }) => {
      const before = standings;
      const entries = new Map(tenants.map((tenant) => [objectKey(tenant.source), tenant]));
      standings = new Map(verdicts.map((verdict) => [objectKey(verdict), decided(verdict, entries, before)]));
      owners = new Map(tenants.map(({ tenantId, source }) => [tenantId, objectKey(source)]));
      const changed = [...standings].filter(([key, standing]) => before.get(key) !== standing).map(([key]) => key);
      return [...changed, ...[...before.keys()].filter((key) => !standings.has(key))];
    },
    get: (key) => standings.get(key),
    keys: () => standings.keys(),
    owners: (tenantIds) => tenantIds.flatMap((tenantId) => owners.get(tenantId) ?? []),
  };
};

/** The same object as before when nothing of it is new. */
const decided = (
  verdict: Decided['verdict'],
  entries: ReadonlyMap<string, BundleTenant>,
  standings: ReadonlyMap<string, Decided>,
): Decided => {
  const key = objectKey(verdict);
  const tenant = entries.get(key);
  const before = standings.get(key);
  return before?.verdict === verdict && before.tenant === tenant ? before : { verdict, tenant };
};
