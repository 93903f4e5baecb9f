/**
 * More slow statements than the pool and its queue hold: who does not fit is told at once, and nobody else suffers.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { databaseLimits, processLimits } from '../../pkg/process/limits.ts';
import { prepareDatabase } from '../services/database.ts';
import { startHandler } from '../services/handler.ts';
import { createHold, heldAction } from '../services/hold.ts';
import { metric } from '../services/metric.ts';
import { startPostgres } from '../services/postgres.ts';
import { assertProblem } from '../services/problem.ts';
import { until } from '../services/until.ts';

/** A tenant's lookups have a quarter of it: as many as run of one lookup at once. */
const poolMax = 4 * databaseLimits.batchesInFlightMax;
const queueMax = 3;
const requestsMax = processLimits.requestsInFlightMax + 100;
const tenants = 16;
const limits = { deadlineMilliseconds: 30_000, requestsPerSecond: 10_000, burst: 10_000, concurrency: 10_000 };

const postgres = await startPostgres();
const database = await prepareDatabase(postgres);
const hold = await createHold(postgres, database);
const names = Array.from({ length: tenants }, (_, n) => `tenant-${n}`);
const handler = await startHandler(
  {
    DATABASE_URL: database.url,
    DATABASE_POOL_MAX: String(poolMax),
    DATABASE_POOL_MIN: '0',
    DATABASE_QUEUE_MAX: String(queueMax),
    STATEMENT_TIMEOUT_MS: '30000',
    REQUESTS_IN_FLIGHT_MAX: String(requestsMax),
  },
  [...names, 'crowd'].map((tenantId) => ({
    tenantId,
    spec: { actions: [heldAction()], cache: { ttlSeconds: 0 }, limits },
  })),
);
await handler.ready();
const held = (tenantId: string) => handler.ask(tenantId, { keys: ['a'] }, { action: 'held' });

/** PostgreSQL is asked for the plan of what is read first: that takes places in the pool, too. */
test.before(async () => {
  for (const name of [...names, 'crowd']) assert.is((await held(name)).status, 200);
  await until('the looks at plans', async () =>
    assert.is(await metric(handler, 'pool_connections', { state: 'active' }), 0),
  );
});

test('answers 503 overloaded at once to whom neither pool nor queue has room for', async () => {
  await hold.hold();
  const refused: Awaited<ReturnType<typeof held>>[] = [];
  const served = names.map(async (tenantId) => {
    const answer = await held(tenantId);
    if (answer.status !== 200) refused.push(answer);
    return answer.status;
  });
  await until('refusals while the statements are held', async () => {
    if (refused.length < tenants - poolMax - queueMax) throw new Error(`${refused.length}`);
  });
  await hold.waiting(poolMax);
  for (const answer of refused) assertProblem(answer, 503, 'overloaded', true);
  assert.is(refused.length, tenants - poolMax - queueMax);
  assert.is(await metric(handler, 'pool_waiting'), queueMax);
  assert.is(await metric(handler, 'pool_connections', { state: 'active' }), poolMax);
  assert.is(await metric(handler, 'shed_total', { reason: 'queue' }), refused.length);
  assert.is((await handler.admin('/readyz')).status, 200);
  await hold.letGo();
  assert.is((await Promise.all(served)).filter((status) => status === 200).length, poolMax + queueMax);
});

test('has room again afterwards', async () => {
  assert.is(await metric(handler, 'pool_waiting'), 0);
  await hold.hold();
  const asked = names.slice(0, poolMax + queueMax).map(held);
  await hold.waiting(poolMax);
  await hold.letGo();
  for (const { status } of await Promise.all(asked)) assert.is(status, 200);
});

test('lets all wait for one lookup that were let in, whatever the queue of the pool holds', async () => {
  await hold.hold();
  const asked = Array.from({ length: requestsMax + 1 }, () => held('crowd'));
  assertProblem(await Promise.race(asked), 503, 'overloaded', true);
  assert.is(await metric(handler, 'shed_total', { reason: 'requests' }), 1);
  await hold.letGo();
  assert.is((await Promise.all(asked)).filter(({ status }) => status === 200).length, requestsMax);
});

test.after(async () => {
  await handler.stop();
  await hold.close();
});
test.run();
