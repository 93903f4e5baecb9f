/**
 * A transaction: statements that take effect together or not at all.
 */
import type { Problem } from '../errors/problem.ts';
import { tenantLimits } from '../process/limits.ts';
import type { Codec } from './codec.ts';
import { defaulted, list } from './codec-containers.ts';
import { oneOf } from './codec-scalars.ts';
import type { InputSpec } from './input-spec.ts';
import { manifestObject } from './manifest-object.ts';
import { actionName } from './names.ts';
import { outputName } from './output-name.ts';
import { parameterNames, parameterProblems, statementText } from './statement-spec.ts';

export const isolationLevels = ['ReadCommitted', 'RepeatableRead', 'Serializable'] as const;
export type IsolationLevel = (typeof isolationLevels)[number];

export const rowExpectations = ['Any', 'AtLeastOne', 'PerKey'] as const;
export type RowExpectation = (typeof rowExpectations)[number];

export interface StatementSpec {
  readonly text: string;
  readonly parameters: readonly string[];
  /** `PerKey`: one row for each different element of the first list among the parameters. */
  readonly expectRows: RowExpectation;
  /** Left out: the rows are not answered. */
  readonly output?: string;
}

export interface TransactionSpec {
  readonly isolation: IsolationLevel;
  readonly statements: readonly StatementSpec[];
  /** Lookups of the same object whose cached rows this changes. */
  readonly invalidates: readonly string[];
}

const statementSpec: Codec<StatementSpec> = manifestObject(
  {
    text: statementText,
    parameters: parameterNames,
    expectRows: defaulted(oneOf(rowExpectations), 'Any'),
  },
  { output: outputName },
);

export const transactionSpec: Codec<TransactionSpec> = manifestObject({
  isolation: defaulted(oneOf(isolationLevels), 'ReadCommitted'),
  statements: list(statementSpec, 1, tenantLimits.statementsMax),
  invalidates: defaulted(list(actionName, 0, tenantLimits.actionsMax), []),
});

/** @returns problems by path below the transaction */
export const transactionProblems = (transaction: TransactionSpec, inputs: readonly InputSpec[]): readonly Problem[] => {
  const names = new Set(inputs.map((input) => input.name));
  const lists = new Set(inputs.filter((input) => input.list && !input.optional).map((input) => input.name));
  const outputs = new Set<string>();
  return transaction.statements.flatMap((statement, at) => {
    const problems = [...parameterProblems('text', statement.text, statement.parameters, names)];
    if (statement.expectRows === 'PerKey' && !statement.parameters.some((name) => lists.has(name))) {
      problems.push({ path: 'expectRows', expected: 'a list input that is not optional among the parameters' });
    }
    if (statement.output !== undefined && outputs.has(statement.output)) {
      problems.push({ path: 'output', expected: 'a name that no other statement has' });
    }
    if (statement.output !== undefined) outputs.add(statement.output);
    return problems.map(({ path, expected }) => ({ path: `statements[${at}].${path}`, expected }));
  });
};
