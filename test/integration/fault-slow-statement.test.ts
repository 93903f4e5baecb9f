/**
 * A tenant whose statement is too slow: it waits no longer than its deadline, PostgreSQL no longer than statement_timeout, and
 * nobody else waits for it.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { customerId } from '../services/database.ts';
import { type Answer, startHandler } from '../services/handler.ts';
import { createHold, heldAction } from '../services/hold.ts';
import { metric } from '../services/metric.ts';
import { assertProblem } from '../services/problem.ts';
import { startProxiedPostgres } from '../services/proxied.ts';
import { until } from '../services/until.ts';

const deadlineMs = 300;
const statementTimeoutMs = 2_000;
const graceMs = 1_000;

const { proxy, server, database } = await startProxiedPostgres();
const hold = await createHold(server, database);
const handler = await startHandler({ DATABASE_URL: database.url, STATEMENT_TIMEOUT_MS: String(statementTimeoutMs) }, [
  { tenantId: 'acme' },
  { tenantId: 'slow', spec: { limits: { deadlineMilliseconds: deadlineMs }, actions: [heldAction()] } },
  { tenantId: 'patient', spec: { limits: { deadlineMilliseconds: 30_000 }, actions: [heldAction()] } },
]);
await handler.ready();

const held = (tenantId: string, headers: Record<string, string> = {}) =>
  handler.ask(tenantId, { keys: ['a'] }, { action: 'held', headers });

const slept = async () => {
  const [row] = await database.sql(
    "SELECT count(*) AS n FROM pg_stat_activity WHERE query LIKE '%wait_until_let_go%' AND state = 'active' AND pid <> pg_backend_pid()",
  );
  return Number(row?.n);
};
const serverIsAtRest = () =>
  until('the statement to end on the server', async () => {
    const running = await slept();
    if (running > 0) throw new Error(`${running} run`);
  });

/** Why it failed, as the log says. */
const reasonOf = ({ headers }: Answer): Promise<unknown> =>
  until('the line of a request', async () => {
    const id = `"requestId":"${headers['x-request-id']}"`;
    const line = handler
      .output()
      .split('\n')
      .find((one) => one.includes(id));
    return Reflect.get(JSON.parse(line ?? '').error, 'message');
  });

test('is answered 504 at its deadline, while its statement still runs', async () => {
  await hold.hold();
  const began = performance.now();
  const answer = await held('slow');
  assertProblem(answer, 504, 'deadline_exceeded');
  assert.ok(performance.now() - began < deadlineMs + graceMs);
  assert.is(await slept(), 1);
  assert.is(await reasonOf(answer), 'The deadline passed');
});

test('X-Timeout-Ms makes the deadline shorter, never longer', async () => {
  assertProblem(await held('patient', { 'X-Timeout-Ms': '100' }), 504, 'deadline_exceeded');
  const began = performance.now();
  assertProblem(await held('slow', { 'X-Timeout-Ms': '60000' }), 504, 'deadline_exceeded');
  assert.ok(performance.now() - began < deadlineMs + graceMs);
});

test('other tenants are answered meanwhile', async () => {
  const asked = held('patient');
  await hold.waiting(1);
  const answer = await handler.ask('acme', { customer_ids: [customerId(1)] });
  assert.is(answer.status, 200);
  assert.ok((await slept()) > 0);
  // Its deadline is far: statement_timeout is what ends it.
  assertProblem(await asked, 504, 'deadline_exceeded');
  assert.is(await reasonOf(await asked), 'statement_timeout');
});

test('statement_timeout ends it on the server, though nobody let it go', async () => {
  await serverIsAtRest();
  assert.ok(
    ((await metric(handler, 'query_duration_seconds_count', { tenant_id: 'slow', status: 'timeout' })) ?? 0) > 0,
  );
});

test('is answered again when its statement is fast again', async () => {
  await hold.letGo();
  assert.is((await held('slow')).status, 200);
  assert.is((await held('patient')).status, 200);
});

test.after(async () => {
  await handler.stop();
  await hold.close();
  await proxy.close();
});
test.run();
