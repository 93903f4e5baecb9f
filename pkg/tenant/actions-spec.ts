/**
 * All actions of a tenant, the rules between them, and the one every tenant has unless it declares its own.
 */
import type { Problem } from '../errors/problem.ts';
import { tenantLimits } from '../process/limits.ts';
import { type ActionSpec, actionSpec } from './action-spec.ts';
import { type Codec, ruled } from './codec.ts';
import { list } from './codec-containers.ts';
import { duplicates } from './unique.ts';

export const defaultActions: readonly ActionSpec[] = [
  {
    kind: 'lookup',
    name: 'process_customer_batch',
    input: [{ name: 'customer_ids', type: 'UUID', list: true, optional: false }],
    lookup: {
      statement: 'SELECT id, name, status, updated_at FROM customers WHERE tenant_id = $1 AND id = ANY($2)',
      parameters: ['tenant_id', 'customer_ids'],
      keys: 'customer_ids',
      keyColumn: 'id',
      output: 'customers',
    },
  },
];

const rules = (actions: readonly ActionSpec[]): readonly Problem[] => {
  const lookups = new Set(actions.filter((action) => action.kind === 'lookup').map((action) => action.name));
  const dangling = actions.flatMap((action, at) =>
    action.kind !== 'transaction'
      ? []
      : action.transaction.invalidates.flatMap((name, place) =>
          lookups.has(name)
            ? []
            : [{ path: `[${at}].transaction.invalidates[${place}]`, expected: 'the name of a lookup of this object' }],
        ),
  );
  return [...duplicates(actions, ''), ...dangling];
};

/** @param action  the codec of each */
export const actionsOf = (action: Codec<ActionSpec>): Codec<readonly ActionSpec[]> =>
  ruled(list(action, 1, tenantLimits.actionsMax), rules);

export const actionsSpec: Codec<readonly ActionSpec[]> = actionsOf(actionSpec);
