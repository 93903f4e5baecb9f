import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { TransactionSession } from '../postgres/transaction.ts';
import type { TransactionAction } from '../tenant/action-spec.ts';
import type { ActionInput } from './action.ts';
import { compileTransactionSteps, runSteps } from './transaction-steps.ts';

const spec: TransactionAction = {
  kind: 'transaction',
  name: 'note',
  input: [{ name: 'constructor', type: 'String', list: false, optional: true }],
  transaction: {
    isolation: 'ReadCommitted',
    statements: [
      {
        text: 'INSERT INTO notes SELECT $1, $2',
        parameters: ['tenant_id', 'constructor'],
        expectRows: 'Any',
      },
    ],
    invalidates: [],
  },
};

const boundFor = async (input: ActionInput) => {
  const bound: unknown[] = [];
  const runAll: TransactionSession['runAll'] = async (statements) => {
    bound.push(...statements.flatMap(({ values }) => values));
    return statements.map(() => ({ rows: [], rowCount: 1 }));
  };
  const request = { tenantId: 'acme', input, keptPlans: { formOf: <F>(form: F) => form }, commits: true };
  await runSteps(compileTransactionSteps(spec), { runAll }, request);
  return bound;
};

test('an optional input that is left out is NULL, also under a name that every object of JavaScript knows', async () => {
  assert.equal(await boundFor({ tenant_id: 'acme' }), ['acme', null]);
  assert.equal(await boundFor({ tenant_id: 'acme', constructor: 'a' }), ['acme', 'a']);
});

test.run();
