import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isAppError } from '../errors/app-error.ts';
import type { BoundStatement } from './statement-batch.ts';
import { notifyOthers, openFrame } from './transaction-frame.ts';

const record = {
  ...{ tenantId: 'acme', action: 'write', keys: [], requestId: 'r', context: {} },
  ...({ source: 'database', outcome: 'answered' } as const),
};
const refused = Object.assign(new Error('no right to it'), { code: '42501' });

for (const news of [[], ['{}']]) {
  test(`an audit row that is refused is the operator's fault, with ${news.length} news`, () => {
    const sent: BoundStatement[] = [];
    openFrame((statement) => sent.push(statement), record, news);
    const blamed = sent.map(({ blame }) => blame?.(refused));
    assert.equal(
      blamed.map((error) => isAppError(error) && [error.code, error.message]),
      [['database_unavailable', 'audit_log: SQLSTATE 42501']],
    );
  });
}

test('nothing is told where there is nothing to tell', () => {
  notifyOthers(() => assert.unreachable(), []);
});

test.run();
