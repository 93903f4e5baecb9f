/**
 * The declared statements of a transaction: run in their order, each held to what it expects, their rows made one answer.
 */
import { AppError } from '../errors/app-error.ts';
import type { KeptPlans } from '../postgres/kept-plan.ts';
import { bindParameter, typesOf } from '../postgres/parameter.ts';
import { refusalOf } from '../postgres/refusal.ts';
import type { BoundStatement } from '../postgres/statement-batch.ts';
import type { TransactionSession } from '../postgres/transaction.ts';
import {
  compileTransactionStatement,
  readTransactionRows,
  type TransactionStatement,
} from '../postgres/transaction-statement.ts';
import { requestLimits } from '../process/limits.ts';
import { perObject } from '../process/per-object.ts';
import type { TransactionAction } from '../tenant/action-spec.ts';
import type { RowExpectation } from '../tenant/transaction-spec.ts';
import { type ActionInput, inputOf } from './action.ts';
import { perKeyInput } from './batch-inputs.ts';
import { differentKeys } from './input-keys.ts';

export interface TransactionStep {
  /** As it is named in an answer. */
  readonly path: string;
  readonly statement: TransactionStatement;
  readonly parameters: readonly string[];
  readonly expectRows: RowExpectation;
  /** The list that PerKey counts. */
  readonly keysInput: string | undefined;
  readonly output: string | undefined;
}

const bodyOf = (outputs: string, count: number | string): string => `{"output":{${outputs}"count":${count}}}`;
const outputOf = (name: string, rows: string): string => `"${name}":[${rows}],`;

/** What an answer has beside rows and count where they are all that it answers. */
const frameBytes = (output: string): number => Buffer.byteLength(bodyOf(outputOf(output, ''), ''));

export const compileTransactionSteps = perObject((spec: TransactionAction): readonly TransactionStep[] => {
  const { statements } = spec.transaction;
  return statements.map(({ text, parameters, expectRows, output }, index) => ({
    path: `statements[${index}]`,
    statement: compileTransactionStatement(text, {
      types: typesOf(parameters, spec.input),
      answersRows: output !== undefined,
      expectRows,
      bytesMax:
        output !== undefined && statements.length === 1 ? requestLimits.answerBytesMax - frameBytes(output) : undefined,
    }),
    parameters,
    expectRows,
    keysInput: perKeyInput(spec, parameters),
    output,
  }));
});

interface StepInput {
  /** The verified one. */
  readonly tenantId: string;
  readonly input: ActionInput;
  readonly keptPlans: KeptPlans;
}

const expectationOf = ({ expectRows, keysInput = '' }: TransactionStep): string =>
  expectRows === 'PerKey' ? `one row for each of input.${keysInput}` : 'at least one row';

const unmet = (step: TransactionStep, cause?: unknown): AppError =>
  new AppError('conflict', { details: [{ path: step.path, expected: expectationOf(step) }], cause });

const keysOf = ({ keysInput = '' }: TransactionStep, input: ActionInput): number =>
  differentKeys(input, keysInput).length;

const isMet = (step: TransactionStep, count: number, input: ActionInput): boolean => {
  if (step.expectRows === 'Any') return true;
  return step.expectRows === 'AtLeastOne' ? count > 0 : count === keysOf(step, input);
};

const bindStep = (step: TransactionStep, { tenantId, input, keptPlans }: StepInput): BoundStatement => {
  const { statement, parameters } = step;
  const values = parameters.map((name) => (name === 'tenant_id' ? tenantId : bindParameter(inputOf(input, name))));
  // What PerKey counts, where PostgreSQL itself does.
  const counted = statement.boundCount > statement.valueCount ? [String(keysOf(step, input))] : [];
  return {
    statement: keptPlans.formOf(statement).statement,
    values: [...values, ...counted],
    blame: (error) => {
      const refusal = refusalOf(error);
      if (refusal === 'unmet') return unmet(step, error);
      return refusal === 'tooLong' ? new AppError('answer_too_large', { cause: error }) : error;
    },
  };
};

/** As many together as need no look in between: what PostgreSQL does not hold to its expectation itself is the last of its packet. */
const packetsOf = (steps: readonly TransactionStep[]): readonly (readonly TransactionStep[])[] => {
  const packets: TransactionStep[][] = [];
  for (const [index, step] of steps.entries()) {
    if (index === 0 || steps[index - 1]?.statement.isHeld === false) packets.push([]);
    packets.at(-1)?.push(step);
  }
  return packets;
};

/** @param commits  whether nothing else has to be done before the commit: then it goes along with a single statement that needs no look
 * @returns the answer's JSON text, within the budget
 * @throws conflict | answer_too_large; the driver's errors */
export const runSteps = async (
  steps: readonly TransactionStep[],
  { runAll }: Pick<TransactionSession, 'runAll'>,
  { commits, ...request }: StepInput & { readonly commits: boolean },
): Promise<string> => {
  const outputs: string[] = [];
  let total = 0;
  for (const packet of packetsOf(steps)) {
    const end = commits && steps.length === 1 && packet[0]?.statement.isHeld ? 'commit' : undefined;
    const bound = packet.map((step) => bindStep(step, request));
    const results = await runAll(bound, end);
    for (const [place, step] of packet.entries()) {
      const result = results[place];
      if (result === undefined) throw new TypeError('a statement without a result');
      const { count, rows } = readTransactionRows(step.statement, result);
      if (!step.statement.isHeld && !isMet(step, count, request.input)) throw unmet(step);
      total += count;
      if (step.output !== undefined) outputs.push(outputOf(step.output, rows));
    }
  }
  const body = bodyOf(outputs.join(''), total);
  if (Buffer.byteLength(body) > requestLimits.answerBytesMax) throw new AppError('answer_too_large');
  return body;
};
