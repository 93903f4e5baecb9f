/**
 * Keys, `suspend`, new and removed tenants: all take effect without a restart, and a rotation costs no request.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { customerId, prepareDatabase } from '../services/database.ts';
import { startHandler } from '../services/handler.ts';
import { startLoad } from '../services/load.ts';
import { metric } from '../services/metric.ts';
import { startPostgres } from '../services/postgres.ts';
import { assertProblem } from '../services/problem.ts';
import { until } from '../services/until.ts';

const rotations = 20;
const limits = { requestsPerSecond: 100_000, burst: 100_000 };

const postgres = await startPostgres();
const database = await prepareDatabase(postgres);
const handler = await startHandler({ DATABASE_URL: database.url, LOG_LEVEL: 'error' });
await handler.ready();

const input = { customer_ids: [customerId(1)] };
const secret = (n: number) => `the-${n}th-secret-of-a-rotation`;
const acme = (secrets: readonly string[], spec: object = {}) => ({
  tenantId: 'acme',
  secrets,
  spec: { limits, ...spec },
});

test('rotating current and previous, again and again under load, fails no request', async () => {
  let current = 0;
  const inFlight = new Map<number, number>();
  const count = (n: number, by: number) => inFlight.set(n, (inFlight.get(n) ?? 0) + by);
  await handler.configure([acme([secret(0)])]);
  const load = startLoad(6, async () => {
    const mine = current;
    count(mine, 1);
    return handler.ask('acme', input, { secret: secret(mine) }).finally(() => count(mine, -1));
  });
  for (let next = 1; next <= rotations; next += 1) {
    await handler.configure([acme([secret(next), secret(next - 1)])]);
    current = next;
    await until('the end of the old key', async () => assert.is(inFlight.get(next - 1) ?? 0, 0));
    await handler.configure([acme([secret(next)])]);
    assertProblem(await handler.ask('acme', input, { secret: secret(next - 1) }), 401, 'unauthenticated');
  }
  const { answered, failures, statuses } = await load.stop();
  assert.equal(failures, []);
  assert.equal(statuses, [200]);
  assert.ok(answered.length > rotations);
});

test('which place the key had that was used can be seen', async () => {
  await handler.configure([acme([secret(2), secret(1)])]);
  const used = async (key: string) =>
    (await metric(handler, 'signature_key_used_total', { tenant_id: 'acme', key })) ?? 0;
  const before = await used('1');
  await handler.ask('acme', input, { secret: secret(1) });
  assert.is(await used('1'), before + 1);
});

test('suspend refuses from the next request on, and its end lets in again', async () => {
  const [suspended] = await handler.configure([acme([secret(1)], { suspend: true })]);
  assert.is(`${suspended?.state} ${suspended?.reason} ${suspended?.serving}`, 'Suspended Suspended false');
  assertProblem(await handler.ask('acme', input, { secret: secret(1) }), 401, 'unauthenticated');
  await handler.configure([acme([secret(1)])]);
  assert.is((await handler.ask('acme', input, { secret: secret(1) })).status, 200);
});

test('a new tenant is answered without a restart', async () => {
  assertProblem(await handler.ask('globex', input), 401, 'unauthenticated');
  await handler.configure([acme([secret(1)]), { tenantId: 'globex' }]);
  assert.is((await handler.ask('globex', input)).status, 200);
  assert.is(await metric(handler, 'requests_total', { tenant_id: 'globex', status: '200' }), 1);
});

test('a removed tenant is a 401, its series are gone, and /config does not know it', async () => {
  await handler.configure([acme([secret(1)])]);
  assertProblem(await handler.ask('globex', input), 401, 'unauthenticated');
  await until('the series', async () => assert.not.match((await handler.admin('/metrics')).text, 'globex'));
  assert.not.match((await handler.admin('/config')).text, 'globex');
  assert.match((await handler.admin('/metrics')).text, 'tenant_id="acme"');
});

test.after(() => handler.stop());
test.run();
