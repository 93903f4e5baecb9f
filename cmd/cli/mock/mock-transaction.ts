/**
 * A transaction of the mock: answers the rows of a file under its first `output`, whatever was asked, and changes nothing. What is
 * real is how its input is read, the answer's budget, and what an idempotency key does.
 */
import { batchInputs } from '../../../pkg/actions/batch-inputs.ts';
import { idempotencyKeyOf } from '../../../pkg/actions/idempotency-key.ts';
import { compileInput } from '../../../pkg/actions/input-codec.ts';
import { AppError } from '../../../pkg/errors/app-error.ts';
import { parsed, refused } from '../../../pkg/errors/problem.ts';
import { requestLimits } from '../../../pkg/process/limits.ts';
import type { TransactionAction } from '../../../pkg/tenant/action-spec.ts';
import { tenantColumn } from './canned.ts';
import type { CannedRows, MockedAction, Run } from './mocked-action.ts';
import type { Repeats } from './repeats.ts';

interface TransactionTenant {
  readonly tenantId: string;
  readonly batchSize: number;
}

const bodyOf = (outputs: readonly string[], rows: CannedRows): string => {
  const texts = rows.map(({ values }) => JSON.stringify(values));
  const lists = outputs.map((output, at) => `"${output}":[${at === 0 ? texts.join() : ''}],`);
  return `{"output":{${lists.join('')}"count":${rows.length}}}`;
};

/** The first answer again, as long as its key is held. */
export const withRepeats =
  (run: Run, { tenantId, action, repeats }: { tenantId: string; action: string; repeats: Repeats }): Run =>
  async (call) => {
    const key = idempotencyKeyOf(call, { tenantId, action });
    if (key === undefined) return run(call);
    const body = await call.deadline.race(repeats.answer(key, async () => (await run(call)).body));
    return { body, source: 'database' };
  };

export const mockTransaction = (spec: TransactionAction, tenant: TransactionTenant): MockedAction => {
  const { tenantId, batchSize } = tenant;
  const input = compileInput(spec.input, { tenantId, batch: { names: batchInputs(spec), max: batchSize } });
  const outputs = spec.transaction.statements.flatMap(({ output }) => output ?? []);
  return {
    decodeInput: (value) => input.decode(value),
    source: 'database',
    columns: { [tenantColumn]: 'text' },
    runWith: (rows = []) => {
      if (rows.length > 0 && outputs.length === 0) {
        return refused([{ path: '', expected: '{output} or {error}: no statement of the transaction has an output' }]);
      }
      const body = bodyOf(outputs, rows);
      const isTooLarge = Buffer.byteLength(body) > requestLimits.answerBytesMax;
      const run: Run = async () => {
        if (isTooLarge) throw new AppError('answer_too_large');
        return { body, source: 'database' };
      };
      return parsed({ run });
    },
  };
};
