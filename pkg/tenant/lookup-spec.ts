/**
 * A lookup: one statement that returns the rows of a list of keys.
 */
import type { Problem } from '../errors/problem.ts';
import type { Codec } from './codec.ts';
import type { InputSpec, InputType } from './input-spec.ts';
import { manifestObject } from './manifest-object.ts';
import { identifier } from './names.ts';
import { outputName } from './output-name.ts';
import { parameterNames, parameterProblems, statementText } from './statement-spec.ts';

export interface LookupSpec {
  readonly statement: string;
  /** What is bound to `$1`, `$2`, …; the first is `tenant_id`. */
  readonly parameters: readonly string[];
  /** The list input that is split, cached and merged by element. */
  readonly keys: string;
  /** The column that says which key a row answers. */
  readonly keyColumn: string;
  readonly output: string;
}

export const lookupSpec: Codec<LookupSpec> = manifestObject({
  statement: statementText,
  parameters: parameterNames,
  keys: identifier,
  keyColumn: identifier,
  output: outputName,
});

const keyTypes: readonly InputType[] = ['UUID', 'String', 'Integer'];

/** @returns problems by path below the lookup */
export const lookupProblems = (lookup: LookupSpec, inputs: readonly InputSpec[]): readonly Problem[] => {
  const names = new Set(inputs.map((input) => input.name));
  const problems = [...parameterProblems('statement', lookup.statement, lookup.parameters, names)];
  const keys = inputs.find((input) => input.name === lookup.keys);
  if (keys === undefined || !keys.list || keys.optional || !keyTypes.includes(keys.type)) {
    problems.push({ path: 'keys', expected: 'an input that is a list of UUID, String or Integer and not optional' });
  }
  if (!lookup.parameters.includes(lookup.keys)) problems.push({ path: 'keys', expected: 'one of the parameters' });
  return problems;
};
