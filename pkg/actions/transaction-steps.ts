/**
 * The declared statements of a transaction: run in their order, each held to what it expects, their rows made one answer.
 */
import { AppError } from '../errors/app-error.ts';
import type { RunOnConnection } from '../postgres/database.ts';
import { bindParameter, typesOf } from '../postgres/parameter.ts';
import {
  compileTransactionStatement,
  readTransactionRows,
  type TransactionStatement,
} from '../postgres/transaction-statement.ts';
import { requestLimits } from '../process/limits.ts';
import type { TransactionAction } from '../tenant/action-spec.ts';
import type { RowExpectation } from '../tenant/transaction-spec.ts';
import type { ActionInput } from './action.ts';
import { perKeyInput } from './batch-inputs.ts';
import { differentKeys } from './input-keys.ts';

export interface TransactionStep {
  readonly statement: TransactionStatement;
  readonly parameters: readonly string[];
  readonly expectRows: RowExpectation;
  /** The list that PerKey counts. */
  readonly keysInput: string | undefined;
  readonly output: string | undefined;
}

export const compileTransactionSteps = (spec: TransactionAction): readonly TransactionStep[] =>
  spec.transaction.statements.map(({ text, parameters, expectRows, output }) => ({
    statement: compileTransactionStatement(text, {
      types: typesOf(parameters, spec.input),
      answersRows: output !== undefined,
    }),
    parameters,
    expectRows,
    keysInput: perKeyInput(spec, parameters),
    output,
  }));

const expectationOf = ({ expectRows, keysInput = '' }: TransactionStep): string =>
  expectRows === 'PerKey' ? `one row for each of input.${keysInput}` : 'at least one row';

const isMet = ({ expectRows, keysInput = '' }: TransactionStep, count: number, input: ActionInput): boolean => {
  if (expectRows === 'Any') return true;
  return expectRows === 'AtLeastOne' ? count > 0 : count === differentKeys(input, keysInput).length;
};

interface StepInput {
  /** The verified one. */
  readonly tenantId: string;
  readonly input: ActionInput;
}

/** @returns the answer's JSON text, within the budget
 * @throws conflict | answer_too_large; the driver's errors */
export const runSteps = async (
  steps: readonly TransactionStep[],
  run: RunOnConnection,
  { tenantId, input }: StepInput,
): Promise<string> => {
  const outputs: string[] = [];
  let total = 0;
  for (const [index, step] of steps.entries()) {
    const values = step.parameters.map((name) => (name === 'tenant_id' ? tenantId : bindParameter(input[name])));
    const { count, rows } = readTransactionRows(step.statement, await run(step.statement.statement, values));
    if (!isMet(step, count, input)) {
      throw new AppError('conflict', { details: [{ path: `statements[${index}]`, expected: expectationOf(step) }] });
    }
    total += count;
    if (step.output !== undefined) outputs.push(`"${step.output}":[${rows}],`);
  }
  const body = `{"output":{${outputs.join('')}"count":${total}}}`;
  if (Buffer.byteLength(body) > requestLimits.answerBytesMax) throw new AppError('answer_too_large');
  return body;
};
