/** The mock from outside, as whoever writes a script uses it: what it prints, what it answers, how it ends. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hmacKey } from '../../../pkg/webhook/hmac.ts';
import { hmacBody } from '../../../pkg/webhook/hmac-body.ts';
import { type CommandLine, startCommandLine } from '../../../test/services/command-line.ts';
import { type Mock, startMock, writeManifests } from '../../../test/services/mock.ts';
import { ownDirectory } from '../../../test/services/owned.ts';
import { secretOf, type TenantOptions } from '../../../test/services/tenants.ts';
import { until } from '../../../test/services/until.ts';

const mocks: Mock[] = [];
const start = async (...args: readonly string[]): Promise<Mock> => {
  const mock = await startMock(...args);
  mocks.push(mock);
  return mock;
};
const children: CommandLine[] = [];
const begin = (...args: Parameters<typeof startCommandLine>): CommandLine => {
  const child = startCommandLine(...args);
  children.push(child);
  return child;
};
/** What a test that failed has left. */
test.after(async () => {
  for (const child of children) child.signal('SIGKILL');
  await Promise.all(mocks.map((mock) => mock.stop()));
});

const root = join(import.meta.dirname, '../../..');
const quickstart = join(root, 'deploy/examples/quickstart.yaml');
const customers = join(root, 'deploy/examples/customers.csv');
const folder = ownDirectory('mock');
const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const action = 'process_customer_batch';
const id = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const bodyFor = (n: number, tenantId = 'acme') =>
  JSON.stringify({ action, input: { tenant_id: tenantId, customer_ids: [id(n)] } });
const signed = (body: string, secret = secretOf('acme')) =>
  hmacBody.sign(
    { header: 'X-CXone-Signature', encoding: 'Hex', toleranceSeconds: 300 },
    hmacKey(secret),
    Buffer.from(body),
    0,
  );
const acme: TenantOptions = { tenantId: 'acme' };

test('one line for each request: who, what, how it ended and why, and nothing of it', async () => {
  const mock = await start('-f', writeManifests([acme]), `${action}=${customers}`);
  const body = bodyFor(1);
  await mock.post(body, { ...signed(body), 'X-Request-Id': 'a-secret' });
  await mock.post(body, signed(body, 'another-secret-for-tests'));
  await mock.post(body);
  await mock.post(bodyFor(1, 'nobody'), signed(body));
  const wrong = '{"action":"a-secret","input":{"tenant_id":"acme"}}';
  await mock.post(wrong, signed(wrong));
  const lines = await mock.requests(5);
  assert.equal(
    lines.map(({ time, ms, ...rest }) => {
      assert.match(String(time), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
      assert.type(ms, 'number');
      return rest;
    }),
    [
      { tenantId: 'acme', action, status: 200 },
      { status: 401, code: 'unauthenticated', reason: 'bad_signature' },
      { status: 401, code: 'unauthenticated', reason: 'missing_signature' },
      { status: 401, code: 'unauthenticated', reason: 'unknown_tenant' },
      { tenantId: 'acme', status: 400, code: 'invalid_request' },
    ],
  );
  for (const value of ['a-secret', id(1), 'Lovelace']) assert.not.match(mock.lines().join(), value);
  // At once: each has its own reason.
  await Promise.all(
    Array.from({ length: 20 }, (_, at) => mock.post(body, at % 2 === 0 ? signed(body, 'x'.repeat(16)) : {})),
  );
  const reasons = (await mock.requests(25)).slice(5).map(({ reason }) => reason);
  assert.equal(reasons.toSorted(), [...Array(10).fill('bad_signature'), ...Array(10).fill('missing_signature')]);
  assert.is(await mock.stop(), 0);
  assert.is(mock.stderr(), '');
});

test('an edited file is answered from at once; a broken one leaves the last good one, and is told by its place', async () => {
  const file = write('rows.csv', `id,name\n${id(1)},first\n`);
  const mock = await start('-f', writeManifests([acme]), `${action}=${file}`);
  const body = bodyFor(1);
  const name = async () => /"name":"(\w+)"/.exec((await mock.post(body, signed(body))).text)?.[1];
  assert.is(await name(), 'first');
  write('rows.csv', `id,name\n${id(1)},other\n`);
  assert.is(await name(), 'other');
  write('rows.csv', 'id,name\na-secret,broken\n');
  assert.is(await name(), 'other');
  const told = `acme ${action} ${file}: not read again, what it said before goes on: line 2: id: expected UUID, as the action's keys\n`;
  await until('the trouble to be told', async () => assert.ok(mock.stderr().endsWith(told), mock.stderr()));
  await mock.stop();
});

test('the line it prints to paste gets the row that the file has', async () => {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const program = join(root, 'cmd/cli/cxone-actions.mjs');
  writeFileSync(join(bin, 'cxone-actions'), `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`);
  chmodSync(join(bin, 'cxone-actions'), 0o755);
  const manifests = write("it's.yaml", readFileSync(quickstart, 'utf8'));
  const child = begin(['mock', '-f', manifests, '--port', '0', `${action}=${customers}`], {
    npm_lifecycle_event: '',
  });
  const welcome = await until('the line', async () => {
    assert.match(child.output(), 'Ctrl-C');
    return child.output();
  });
  const [line = ''] = /cxone-actions send[\s\S]*?'\n/.exec(welcome) ?? [];
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
  const { stdout, stderr, status } = spawnSync('sh', ['-c', line], { cwd: root, env, encoding: 'utf8' });
  assert.is(status, 0, `${line}: ${stderr}`);
  assert.match(stdout, '"count":1');
  child.signal('SIGINT');
  const { code, stdout: printed } = await child.ended;
  assert.is(code, 0);
  assert.match(printed, /Z 11ef6a32-\S+ process_customer_batch 200 - [\d.]+ ms\n$/);
  assert.not.match(printed, 'for-demonstration-only');
});

test("the example's scenario runs against it as a caller would", async () => {
  const mock = await start('-f', quickstart, `${action}=${customers}`);
  const scenario = write(
    'scenario.yaml',
    `steps:
  - {action: ${action}, input: {customer_ids: {range: [1, 9], text: 00000000-0000-4000-8000-############, items: 3}}}
  - action: set_customer_status
    input: {customer_ids: ["${id(1)}"], status: blocked}
    idempotencyKey: true
  - {action: ${action}, input: {}, expect: {status: 400, code: invalid_request}}
phases: [{concurrency: 4, count: 40}]
`,
  );
  const args = ['simulate', '--url', mock.url, '-f', quickstart, '-t', 'acme', '-s', scenario, '--json'];
  const { code, stdout, stderr } = await startCommandLine(args).ended;
  assert.is(code, 0, `${stderr}${stdout}`);
  assert.equal(JSON.parse(stdout).calls, { wanted: 40, asExpected: 40, wrong: 0, givenUp: 0 });
  assert.is((await mock.requests(40)).length, 40);
  await mock.stop();
});

test.run();
