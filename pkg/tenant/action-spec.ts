/**
 * An action of a tenant: its inputs and exactly one thing to do with them.
 */
import type { Problem } from '../errors/problem.ts';
import { tenantLimits } from '../process/limits.ts';
import { type Codec, joinPath, mapped, ruled } from './codec.ts';
import { defaulted, list } from './codec-containers.ts';
import { type CxoneActionSpec, cxoneActionProblems, cxoneActionSpec } from './cxone-action-spec.ts';
import { type InputSpec, inputSpec } from './input-spec.ts';
import { type LookupSpec, lookupProblems, lookupSpec } from './lookup-spec.ts';
import { manifestObject } from './manifest-object.ts';
import { actionName } from './names.ts';
import { type TransactionSpec, transactionProblems, transactionSpec } from './transaction-spec.ts';
import { duplicates } from './unique.ts';

interface Declared {
  readonly name: string;
  readonly input: readonly InputSpec[];
}
export interface LookupAction extends Declared {
  readonly kind: 'lookup';
  readonly lookup: LookupSpec;
}
export interface TransactionAction extends Declared {
  readonly kind: 'transaction';
  readonly transaction: TransactionSpec;
}
export interface CxoneAction extends Declared {
  readonly kind: 'cxone';
  readonly cxone: CxoneActionSpec;
}
export type ActionSpec = LookupAction | TransactionAction | CxoneAction;

/** An action as it is written down: without `kind`. */
interface ActionManifest extends Declared {
  readonly lookup?: LookupSpec;
  readonly transaction?: TransactionSpec;
  readonly cxone?: CxoneActionSpec;
}

const prefixed = (prefix: string, problems: readonly Problem[]): readonly Problem[] =>
  problems.map(({ path, expected }) => ({ path: joinPath(prefix, path), expected }));

const rules = ({ input, lookup, transaction, cxone }: ActionManifest): readonly Problem[] => {
  const kinds = [lookup, transaction, cxone].filter((kind) => kind !== undefined);
  return [
    ...(kinds.length === 1 ? [] : [{ path: '', expected: 'exactly one of lookup, transaction, cxone' }]),
    ...duplicates(input, 'input'),
    ...(lookup ? prefixed('lookup', lookupProblems(lookup, input)) : []),
    ...(transaction ? prefixed('transaction', transactionProblems(transaction, input)) : []),
    ...(cxone ? prefixed('cxone', cxoneActionProblems(cxone, input)) : []),
  ];
};

const withKind = ({ name, input, lookup, transaction, cxone }: ActionManifest): ActionSpec => {
  if (lookup) return { kind: 'lookup', name, input, lookup };
  if (transaction) return { kind: 'transaction', name, input, transaction };
  if (cxone) return { kind: 'cxone', name, input, cxone };
  throw new TypeError('an action without anything to do passed its rules');
};

const actionManifest: Codec<ActionManifest> = manifestObject(
  { name: actionName, input: defaulted(list(inputSpec, 0, tenantLimits.inputsMax), []) },
  { lookup: lookupSpec, transaction: transactionSpec, cxone: cxoneActionSpec },
);

export const actionSpec: Codec<ActionSpec> = mapped(ruled(actionManifest, rules), withKind);

/** The written form of an action, which `actionSpec` reads. */
export const encodeAction = ({ kind: _, ...manifest }: ActionSpec): ActionManifest => manifest;
