/**
 * `npm start` does what the README promises: its own PostgreSQL, a request to paste, changes that take effect, a clean end.
 */
import { execFile } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isAlive } from '../../cmd/dev/process-tree.ts';
import { hmacKey } from '../../pkg/webhook/hmac.ts';
import { hmacBody } from '../../pkg/webhook/hmac-body.ts';
import { customerId } from '../services/database.ts';
import { ownDirectory } from '../services/owned.ts';
import { printedCommand, startQuickstart } from '../services/quickstart.ts';
import { until } from '../services/until.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = ownDirectory('quickstart');
const manifests = join(folder, 'tenants.yaml');
copyFileSync(join(root, 'deploy/examples/quickstart.yaml'), manifests);
const env = { DATA_DIR: join(folder, 'data'), MANIFESTS: manifests };
let quickstart = await startQuickstart(env);

const shell = async (command: string): Promise<Record<string, unknown>> => {
  const { stdout } = await promisify(execFile)('sh', ['-c', command], { cwd: root });
  return JSON.parse(stdout);
};

/** @returns what stands in `output` */
const ask = async (tenantId: string, secret: string, id: string): Promise<Record<string, unknown>> => {
  const body = JSON.stringify({ action: 'process_customer_batch', input: { tenant_id: tenantId, customer_ids: [id] } });
  const scheme = { header: 'X-CXone-Signature', encoding: 'Hex', toleranceSeconds: 300 } as const;
  const headers = hmacBody.sign(scheme, hmacKey(secret), Buffer.from(body), 0);
  const answer: unknown = await (
    await fetch(`${quickstart.url}/data-action`, { method: 'POST', headers, body })
  ).json();
  return { ...Object(Object(answer).output) };
};
const acme = (id = customerId(1)) => ask('acme', 'for-demonstration-only-acme-webhook-key', id);
const edit = (change: (text: string) => string) => writeFileSync(manifests, change(readFileSync(manifests, 'utf8')));

test('it is ready when it says so', async () => {
  assert.is((await fetch(`${quickstart.adminUrl}/readyz`)).status, 200);
});

for (const command of ['curl', 'npm run -s cxone-actions']) {
  test(`the printed \`${command}\` answers rows`, async () => {
    const answer = await shell(printedCommand(quickstart.output(), command));
    assert.match(JSON.stringify(answer), '"count":2');
    assert.match(JSON.stringify(answer), 'Grace Lovelace 1');
  });
}

test('both tenants of the example are answered, each with its own rows', async () => {
  assert.is((await acme()).count, 1);
  const globex = (id: string) =>
    ask('11ef6a32-c573-6d80-b014-0242ac110004', 'for-demonstration-only-globex-webhook-key', id);
  assert.is((await globex('00000000-0000-4000-9000-000000000001')).count, 1);
  assert.equal((await globex(customerId(1))).missing, [customerId(1)]);
});

test('an edit takes effect without a restart', async () => {
  edit((text) => text.replace('output: customers', 'output: clients'));
  await until('the edit', async () => assert.ok((await acme()).clients));
});

test('broken YAML keeps what runs and names the line; mended, it takes effect', async () => {
  const good = readFileSync(manifests, 'utf8');
  edit((text) => `${text}\n---\nkind: a-secret-value: x\n`);
  const line = good.split('\n').length + 2;
  await until('the complaint', async () => assert.match(quickstart.output(), `line ${line}`));
  assert.not.match(quickstart.output(), 'a-secret-value');
  assert.ok((await acme()).clients);
  writeFileSync(manifests, good.replace('output: clients', 'output: people'));
  await until('the edit', async () => assert.ok((await acme()).people));
});

test('Ctrl-C ends everything it started, with exit code 0; the next start is on the same data', async () => {
  const [, port] = /accepts connections on 127\.0\.0\.1:(\d+)/.exec(quickstart.output()) ?? [];
  const client = new Client({ connectionString: `postgres://postgres@127.0.0.1:${port}/postgres` });
  await client.connect();
  await client.query("INSERT INTO customers VALUES ('acme', $1, 'a customer who stays', 'active')", [
    customerId(9_999),
  ]);
  await client.end();
  const processes = quickstart.processes();
  assert.ok(processes.length > 3, 'PostgreSQL has several');
  assert.is(await quickstart.interrupt(), 0);
  assert.equal(processes.filter(isAlive), []);

  quickstart = await startQuickstart(env);
  assert.not.match(quickstart.output(), 'making a database cluster');
  assert.not.match(quickstart.output(), 'creating the sample table');
  assert.match(JSON.stringify(await acme(customerId(9_999))), 'a customer who stays');
});

test.after(async () => {
  await quickstart.interrupt();
});
test.run();
