/**
 * A CXone call of the mock: the real one with rows of a file for the API's JSON, `null` without a file. Nothing is called.
 */
import { compileCxoneAction } from '../../../pkg/actions/cxone-call.ts';
import { parsed } from '../../../pkg/errors/problem.ts';
import type { CxoneAction } from '../../../pkg/tenant/action-spec.ts';
import { tenantColumn } from './canned.ts';
import type { MockedAction } from './mocked-action.ts';

export const mockCall = (spec: CxoneAction, tenantId: string): MockedAction => {
  const answering = (json: string | undefined) =>
    compileCxoneAction(
      spec,
      { tenantId, audit: 'DatabaseReads', client: { call: async () => json } },
      { auditLog: { append: async () => {} } },
    );
  const declared = answering(undefined);
  return {
    decodeInput: (value) => declared.decodeInput(value),
    source: 'cxone',
    columns: { [tenantColumn]: 'text' },
    runWith: (rows) => {
      const action = answering(rows && JSON.stringify(rows.map(({ values }) => values)));
      return parsed({ run: (call) => action.run(call) });
    },
  };
};
