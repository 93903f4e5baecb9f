/** Runs what `mock` describes: loads manifests and files, serves them, tells of each request, and stops when asked. */
import { type Problem, problemText } from '../../../pkg/errors/problem.ts';
import { systemClock } from '../../../pkg/process/clock.ts';
import type { BundleTenant } from '../../../pkg/tenant/bundle.ts';
import { required } from '../flag.ts';
import { onInterrupt } from '../on-interrupt.ts';
import { refuse } from '../refuse.ts';
import { assignFiles } from './assigned-files.ts';
import { fakeAccounts } from './fake-accounts.ts';
import { loadTenants } from './load-tenants.ts';
import type { MockFlags } from './mock-flags.ts';
import { type MockTenant, mockTenant } from './mock-tenant.ts';
import { createRepeats } from './repeats.ts';
import { requestLine } from './request-line.ts';
import { serve } from './serve.ts';
import { type Served, welcomeFacts, welcomeText } from './welcome.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** How somebody who read this in a clone would type it again. */
const programName = (): string =>
  process.env.npm_lifecycle_event === 'cxone-actions' ? 'npm run -s cxone-actions --' : 'cxone-actions';

const tellRead = (place: string, problems: readonly Problem[]): void => {
  const lines = problems.map(problemText).join('; ');
  const text = lines === '' ? 'read again' : `not read again, what it said before goes on: ${lines}`;
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

/** Resolves when it is asked to stop, or nobody listens any more. */
const untilAsked = (): Promise<void> =>
  new Promise((resolve) => {
    onInterrupt(resolve);
    process.stdout.on('error', () => resolve());
  });

/** @param operands  `ACTION=FILE`     @returns the exit code @throws UsageError */
export const runMock = async (given: MockFlags, operands: readonly string[]): Promise<number> => {
  const manifests = required(given.manifests, 'manifests');
  const tenants = await loadTenants(manifests);
  const files = assignFiles(operands, tenants);
  const mocked = await mockTenants(tenants, files);
  const accounts = fakeAccounts(tenants);
  const cxonePort = given['cxone-port'];
  const servers = await serve({
    clock: systemClock,
    host: required(given.host, 'host'),
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
