/**
 * `cxone-actions mock`: the service without a database: real signatures, validation and limits, answers from files. For writing and
 * testing Studio scripts.
 */
import type { Problem } from '../../../pkg/errors/problem.ts';
import { systemClock } from '../../../pkg/process/clock.ts';
import { mockLimits } from '../../../pkg/process/mock-limits.ts';
import type { BundleTenant } from '../../../pkg/tenant/bundle.ts';
import { defineCommand } from '../command.ts';
import { type Flags, required, type Values } from '../flag.ts';
import { refuse } from '../refuse.ts';
import { assignFiles } from './assigned-files.ts';
import { fakeAccounts } from './fake-accounts.ts';
import { loadTenants } from './load-tenants.ts';
import { type MockTenant, mockTenant } from './mock-tenant.ts';
import { createRepeats } from './repeats.ts';
import { requestLine } from './request-line.ts';
import { serve } from './serve.ts';
import { type Served, welcomeFacts, welcomeText } from './welcome.ts';

const port = { min: 0, max: 65_535 } as const;

const flags = {
  manifests: {
    type: 'string',
    short: 'f',
    value: 'FILE',
    file: true,
    help: 'DataActionConfig and Secret manifests; every tenant in them is served; - for standard input',
  },
  port: {
    type: 'string',
    value: 'N',
    whole: port,
    default: '8080',
    help: 'where /data-action is served, 0 for a free one',
  },
  host: { type: 'string', value: 'ADDRESS', default: '127.0.0.1', help: 'address to listen on, 0.0.0.0 for all' },
  'cxone-port': { type: 'string', value: 'N', whole: port, help: 'serve a fake CXone API here, 0 for a free one' },
  json: { type: 'boolean', help: 'print JSON, one object a line: first what is served, then each request' },
} as const satisfies Flags;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** How somebody who read this in a clone would type it again. */
const programName = (): string =>
  process.env.npm_lifecycle_event === 'cxone-actions' ? 'npm run -s cxone-actions --' : 'cxone-actions';

const tellRead = (place: string, problems: readonly Problem[]): void => {
  const lines = problems.map(({ path, expected }) => `${path === '' ? '' : `${path}: `}expected ${expected}`);
  const text = lines.length > 0 ? `not read again, what it said before goes on: ${lines.join('; ')}` : 'read again';
  process.stderr.write(`${place}: ${text}\n`);
};

const mockTenants = async (
  tenants: readonly BundleTenant[],
  files: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, MockTenant>> => {
  const options = { clock: systemClock, repeats: createRepeats(systemClock), files, onRead: tellRead };
  const mocked = new Map<string, MockTenant>();
  const problems: Problem[] = [];
  for (const tenant of tenants) {
    const found = await mockTenant(tenant, options);
    if (found.ok) mocked.set(tenant.tenantId, found.value);
    else problems.push(...found.problems);
  }
  return problems.length > 0 ? refuse('ACTION=FILE:', problems) : mocked;
};

/** Resolves when it is asked to stop, or nobody listens any more. A second signal ends the process. */
const untilAsked = (): Promise<unknown> =>
  new Promise((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, resolve);
    process.stdout.once('error', resolve);
  });

const run = async (given: Values<typeof flags>, operands: readonly string[]): Promise<number> => {
  const manifests = required(given.manifests, 'manifests');
  const tenants = await loadTenants(manifests);
  const files = assignFiles(operands, tenants);
  const mocked = await mockTenants(tenants, files);
  const accounts = fakeAccounts(tenants);
  const cxonePort = given['cxone-port'];
  const servers = await serve({
    clock: systemClock,
    host: given.host,
    port: given.port,
    tenant: (tenantId) => mocked.get(tenantId)?.live,
    ...(cxonePort === undefined ? {} : { cxone: { port: cxonePort, accounts } }),
    onAnswered: (request) => say(given.json ? JSON.stringify(request) : requestLine(request)),
  });
  const asked = untilAsked();
  const { url, cxoneUrl } = servers;
  const cxone = cxoneUrl === undefined ? undefined : { url: cxoneUrl, accounts };
  const keyOf: Served['keyOf'] = (tenantId, action) => mocked.get(tenantId)?.keys.get(action);
  const served = { url, manifests, tenants, files, keyOf, cxone, program: programName() };
  process.stdout.write(given.json ? `${JSON.stringify(welcomeFacts(served))}\n` : welcomeText(served));
  await asked;
  await servers.stop();
  return 0;
};

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
    flags,
    operand: { value: 'ACTION=FILE', help: 'answer this action from this file', min: 0, max: mockLimits.filesMax },
    examples: [
      'cxone-actions mock -f deploy/examples/quickstart.yaml process_customer_batch=deploy/examples/customers.csv',
      'cxone-actions mock -f tenant.yaml --port 8085 --cxone-port 8090 set_customer_status=conflict.json --json',
    ],
  },
  ({ flags: given, operands }) => run(given, operands),
);
