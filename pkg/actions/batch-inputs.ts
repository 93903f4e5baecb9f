/**
 * Which lists of an action are its batches: never empty, and bounded by the tenant's `batchSize`. The first of them holds the keys
 * that the audit log names.
 */
import type { ActionSpec, TransactionAction } from '../tenant/action-spec.ts';

/** The list that a PerKey expectation counts: the first among the statement's parameters. */
export const perKeyInput = (spec: TransactionAction, parameters: readonly string[]): string | undefined =>
  parameters.find((name) => spec.input.some((input) => input.name === name && input.list));

/** Of a transaction: its first list, and those that PerKey counts. */
const changedKeys = (spec: TransactionAction): readonly string[] => {
  const counted = spec.transaction.statements
    .filter(({ expectRows }) => expectRows === 'PerKey')
    .map(({ parameters }) => perKeyInput(spec, parameters));
  const names = [spec.input.find(({ list }) => list)?.name, ...counted];
  return [...new Set(names.filter((name) => name !== undefined))];
};

export const batchInputs = (action: ActionSpec): readonly string[] => {
  switch (action.kind) {
    case 'lookup':
      return [action.lookup.keys];
    case 'transaction':
      return changedKeys(action);
    case 'cxone':
      return [];
  }
};
