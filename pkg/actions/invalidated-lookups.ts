/**
 * Which cached rows a transaction makes stale. Exact keys where the declaration leaves no doubt: every statement expects
 * a row `PerKey` of the list that has the name and type of the lookup's `keys`. Otherwise all rows of the lookup.
 */
import type { ActionSpec, LookupAction, TransactionAction } from '../tenant/action-spec.ts';
import type { InputSpec } from '../tenant/input-spec.ts';
import type { ActionInput } from './action.ts';
import { perKeyInput } from './batch-inputs.ts';
import { differentKeys } from './input-keys.ts';

export interface InvalidatedLookup {
  readonly action: string;
  /** The input whose elements are the keys; undefined: all keys. */
  readonly keysInput: string | undefined;
}

export interface LookupChange {
  readonly action: string;
  readonly keys: readonly string[] | undefined;
}

const inputNamed = ({ input }: ActionSpec, name: string): InputSpec | undefined =>
  input.find((each) => each.name === name);

const hasExactKeys = (spec: TransactionAction, lookup: LookupAction): boolean => {
  const { keys } = lookup.lookup;
  const sameType = inputNamed(spec, keys)?.type === inputNamed(lookup, keys)?.type;
  return (
    sameType &&
    spec.transaction.statements.every(
      ({ expectRows, parameters }) => expectRows === 'PerKey' && perKeyInput(spec, parameters) === keys,
    )
  );
};

/** @param actions  all of the tenant */
export const compileInvalidated = (
  spec: TransactionAction,
  actions: readonly ActionSpec[],
): readonly InvalidatedLookup[] =>
  spec.transaction.invalidates.flatMap((name) => {
    const lookup = actions.find((action) => action.name === name);
    if (lookup?.kind !== 'lookup') return [];
    return [{ action: name, keysInput: hasExactKeys(spec, lookup) ? lookup.lookup.keys : undefined }];
  });

export const changesOf = (invalidated: readonly InvalidatedLookup[], input: ActionInput): readonly LookupChange[] =>
  invalidated.map(({ action, keysInput }) => ({
    action,
    keys: keysInput === undefined ? undefined : differentKeys(input, keysInput),
  }));
