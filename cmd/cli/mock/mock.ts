/**
 * `cxone-actions mock`: the service without a database: real signatures, validation and limits, answers from files. For writing and
 * testing Studio scripts.
 */
import { mockLimits } from '../../../pkg/process/mock-limits.ts';
import { defineCommand } from '../command.ts';
import { mockFlags } from './mock-flags.ts';

export const mock = defineCommand(
  {
    summary: 'serve data actions from files, without a database, to build and test scripts',
    usage: '--manifests FILE [--port N] [--host ADDRESS] [--cxone-port N] [--json] [ACTION=FILE …]',
    about:
      'Signatures, validation, limits, the 32 KB budget and idempotency keys are the real ones; answers come from files. An action without a file answers nothing: a lookup that every key is missing, a transaction no rows, a CXone call null.\n' +
      'FILE is .csv with a header, or .json or .yaml: a list of rows, {"output": {…}} as it is to be answered, or {"error": CODE, "retryAfterMs": N}. A lookup finds rows by its keyColumn, a transaction answers all of them under its first output. Rows with a tenant_id belong to that tenant, others to all. A file that changes is read again.\n' +
      'In CSV an empty field is null; a column is text, number, boolean or json where its header says so (phone:text), else what all its fields are; keys are as declared.\n' +
      `--cxone-port serves discovery, tokens for both grants and an API that says what it was asked, with the manifests' CXone Secrets, or else with mock-client, mock-client-secret, mock-access-key, mock-access-key-secret.\n` +
      'Prints each request: time, tenant, action, status, code, duration. Exit code 0 after Ctrl-C, 2 for wrong usage, files or ports.',
    flags: mockFlags,
    operand: {
      value: 'ACTION=FILE',
      help: 'answer this action from this file',
      min: 0,
      max: mockLimits.filesMax,
      file: true,
    },
    examples: [
      'cxone-actions mock -f deploy/examples/quickstart.yaml process_customer_batch=deploy/examples/customers.csv',
      'cxone-actions mock -f tenant.yaml --port 8085 --cxone-port 8090 set_customer_status=conflict.json --json',
    ],
  },
  async ({ flags, operands }) => {
    // Only now: a server takes its time to load, and the other commands need none.
    const { runMock } = await import('./run-mock.ts');
    return runMock(flags, operands);
  },
);
