/**
 * `cxone-actions simulate` as a process against the real handler on PostgreSQL: what it says is what happened.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { startCommandLine } from '../services/command-line.ts';
import { prepareDatabase } from '../services/database.ts';
import { defaultAction, startHandler } from '../services/handler.ts';
import { ownDirectory } from '../services/owned.ts';
import { startPostgres } from '../services/postgres.ts';
import { secretOf } from '../services/tenants.ts';

const wideAction = {
  name: 'wide',
  input: [{ name: 'customer_ids', type: 'UUID', list: true }],
  lookup: {
    statement: "SELECT id, repeat('x', 9000) AS text FROM customers WHERE tenant_id = $1 AND id = ANY($2)",
    parameters: ['tenant_id', 'customer_ids'],
    keys: 'customer_ids',
    keyColumn: 'id',
    output: 'customers',
  },
};

const postgres = await startPostgres();
const database = await prepareDatabase(postgres);
const handler = await startHandler({ DATABASE_URL: database.url });
await handler.ready();
await handler.apply([
  { tenantId: 'acme' },
  { tenantId: 'wide', spec: { actions: [wideAction] } },
  { tenantId: 'slow', spec: { limits: { requestsPerSecond: 1, burst: 1 } } },
]);
// Wide's customers are acme's.
await database.sql("INSERT INTO customers SELECT 'wide', id, name, status FROM customers WHERE tenant_id = 'acme'");

const folder = ownDirectory('simulate');
const write = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
const as = (tenantId: string) => [
  ...['simulate', '--url', handler.url, '--tenant', tenantId],
  ...['--secret-file', write(`${tenantId}.key`, secretOf(tenantId))],
];
const simulate = async (tenantId: string, ...args: readonly string[]) => {
  const { code, stdout } = await startCommandLine([...as(tenantId), '--json', ...args]).ended;
  return { code, figures: JSON.parse(stdout) };
};
const ids = (range: readonly [number, number], items: number) => ({
  customer_ids: { range, text: '00000000-0000-4000-8000-############', items },
});

test('a scenario with answers and an expected refusal: every call as expected, each one audited', async () => {
  const before = await database.auditRows();
  const scenario = {
    order: 'sequence',
    steps: [
      { action: defaultAction, input: ids([1, 2_000], 5), context: { contact_id: { uuid: 'random' } } },
      { action: defaultAction, input: { customer_ids: [] }, expect: { status: 400, code: 'invalid_request' } },
    ],
    phases: [
      { rate: 200, count: 20 },
      { concurrency: 4, count: 20 },
    ],
  };
  const { code, figures } = await simulate('acme', '-s', write('scenario.json', JSON.stringify(scenario)));
  assert.equal(figures.calls, { wanted: 40, asExpected: 40, wrong: 0, givenUp: 0 });
  assert.equal(figures.answers, [
    { status: 200, count: 20 },
    { status: 400, code: 'invalid_request', count: 20 },
  ]);
  assert.equal(figures.requests, { sent: 40, repeats: 0 });
  assert.equal(
    figures.steps.map(({ calls }: { readonly calls: number }) => calls),
    [20, 20],
  );
  assert.is(figures.latencyMs.call.count, 40);
  assert.equal([code, figures.ok], [0, true]);
  assert.is((await database.auditRows()) - before, 20);
});

test('the seed decides which rows are asked for', async () => {
  const keysAsked = async (seed: string) => {
    await database.sql('TRUNCATE audit_log');
    const input = JSON.stringify(ids([1, 2_000], 3));
    await simulate(
      'acme',
      '--action',
      defaultAction,
      '--input',
      input,
      '--concurrency',
      '1',
      '--count',
      '3',
      '--seed',
      seed,
    );
    return (await database.sql('SELECT customer_ids FROM audit_log ORDER BY id')).map((row) => row.customer_ids);
  };
  const once = await keysAsked('7');
  assert.is(once.length, 3);
  assert.equal(await keysAsked('7'), once);
  assert.not.equal(await keysAsked('8'), once);
});

test('answers of the service are never cut; --follow-more asks for the rest as a script would', async () => {
  const call = ['--action', 'wide', '--input', JSON.stringify(ids([1, 10], 10)), '--concurrency', '1', '--count', '2'];
  const without = await simulate('wide', ...call);
  assert.equal([without.code, without.figures.cut, without.figures.more], [0, 0, { answers: 2, pages: 0 }]);
  const { code, figures } = await simulate('wide', ...call, '--follow-more');
  assert.is(code, 0);
  assert.is(figures.cut, 0);
  // Three rows of 9,000 characters fit an answer: 3 + 3 + 3 + 1.
  assert.equal(figures.more, { answers: 6, pages: 6 });
  assert.equal(figures.calls, { wanted: 8, asExpected: 8, wrong: 0, givenUp: 0 });
});

test('what a caller would notice makes the exit code 1, and stands in the table', async () => {
  const call = ['--action', defaultAction, '--input', JSON.stringify(ids([1, 10], 1)), '--rate', '500', '--count', '5'];
  const { code, stdout } = await startCommandLine([...as('slow'), ...call]).ended;
  assert.is(code, 1);
  assert.match(stdout, /^ {2}429 rate_limited +\d+$/m);
  assert.match(stdout, /^ {2}unexpected \(another status or code than expected\) +\d+$/m);
  assert.match(stdout, /^NOT OK$/m);
});

test('a wrong key is a wrong call', async () => {
  const key = write('wrong.key', 'a-secret-that-is-not-the-one');
  const call = [
    '--action',
    defaultAction,
    '--input',
    JSON.stringify(ids([1, 10], 1)),
    '--concurrency',
    '1',
    '--count',
    '1',
  ];
  const args = ['simulate', '--url', handler.url, '-t', 'acme', '--secret-file', key, ...call, '--json'];
  const { code, stdout } = await startCommandLine(args).ended;
  assert.is(code, 1);
  assert.equal(JSON.parse(stdout).answers, [{ status: 401, code: 'unauthenticated', count: 1 }]);
});

test.after(() => handler.stop());
test.run();
