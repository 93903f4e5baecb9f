/**
 * What a 200 holds, by kind of action. Rows are objects and no more is said of them: which columns a statement has, only
 * PostgreSQL knows.
 */
import type { ActionSpec, CxoneAction, LookupAction, TransactionAction } from '../tenant/action-spec.ts';
import { closedObject, type JsonSchema, listOf } from './json-schema.ts';
import { keySchema } from './openapi-input.ts';

const row: JsonSchema = { type: 'object' };
const count: JsonSchema = { type: 'integer', minimum: 0, description: 'How many rows.' };

const described = (description: string, schema: JsonSchema): JsonSchema => ({ description, ...schema });

const lookupOutput = ({ input, lookup }: LookupAction, batchSize: number): JsonSchema => {
  const keys = listOf(keySchema(input.find(({ name }) => name === lookup.keys)), 1, batchSize);
  return closedObject(
    { [lookup.output]: described('In the order asked for.', listOf(row, 0, batchSize)), count },
    {
      missing: described('Keys without a row.', keys),
      more: described('Keys whose rows did not fit: ask again with these.', keys),
      tooLarge: described('Keys whose row does not fit.', keys),
      stale: described('Rows past their time, given because the database could not answer.', {
        type: 'boolean',
        const: true,
      }),
    },
  );
};

const transactionOutput = ({ transaction }: TransactionAction): JsonSchema => {
  const outputs = transaction.statements.flatMap(({ output }) => (output === undefined ? [] : [output]));
  return closedObject({ ...Object.fromEntries(outputs.map((name) => [name, listOf(row, 0)])), count });
};

/** Whatever the CXone API answered. */
const cxoneOutput = ({ cxone }: CxoneAction): JsonSchema => closedObject({ [cxone.output]: {} });

const outputSchema = (action: ActionSpec, batchSize: number): JsonSchema => {
  switch (action.kind) {
    case 'lookup':
      return lookupOutput(action, batchSize);
    case 'transaction':
      return transactionOutput(action);
    case 'cxone':
      return cxoneOutput(action);
  }
};

/** @param batchSize  of the tenant */
export const answerSchema = (action: ActionSpec, batchSize: number): JsonSchema => ({
  title: action.name,
  ...closedObject({ output: outputSchema(action, batchSize) }),
});
