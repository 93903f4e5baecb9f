/**
 * PostgreSQL that says nothing: every call is answered by its deadline, and nothing of the pool is lost by it.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { customerId } from '../services/database.ts';
import { startHandler } from '../services/handler.ts';
import { createHold, heldAction } from '../services/hold.ts';
import { startLoad } from '../services/load.ts';
import { metric } from '../services/metric.ts';
import { startProxiedPostgres } from '../services/proxied.ts';
import { until } from '../services/until.ts';

const poolMax = 4;
const deadlineMs = 500;
const graceMs = 1_000;

const { proxy, server, database } = await startProxiedPostgres();
const hold = await createHold(server, database);
const limits = { deadlineMilliseconds: deadlineMs, requestsPerSecond: 100_000, burst: 100_000 };
const holders = Array.from({ length: poolMax }, (_, n) => `holder-${n}`);
const handler = await startHandler(
  {
    DATABASE_URL: database.url,
    DATABASE_POOL_MAX: String(poolMax),
    DATABASE_POOL_MIN: '2',
    STATEMENT_TIMEOUT_MS: '2000',
    MEMORY_CACHE_BYTES: '0',
  },
  [
    ...['acme', 'other', 'third'].map((tenantId) => ({ tenantId, spec: { limits } })),
    ...holders.map((tenantId) => ({ tenantId, spec: { actions: [heldAction()] } })),
  ],
);
await handler.ready();
const admin = startLoad(1, () => handler.admin('/livez'), { pauseMs: 20 });

const lookUp = (n: number) =>
  handler.ask(['acme', 'other', 'third'][n % 3] ?? 'acme', { customer_ids: [customerId(1 + (n % 2_000))] });

const poolIsAtRest = () =>
  until('a pool at rest', async () => {
    const [active, pending, waiting] = await Promise.all([
      metric(handler, 'pool_connections', { state: 'active' }),
      metric(handler, 'pool_connections', { state: 'pending' }),
      metric(handler, 'pool_waiting'),
    ]);
    if (active !== 0 || pending !== 0 || waiting !== 0) throw new Error(`${active} ${pending} ${waiting}`);
  });

const backends = async (): Promise<number> => {
  const [row] = await database.sql(
    `SELECT count(*) AS n FROM pg_stat_activity WHERE usename = 'dataactions_handler' AND application_name NOT LIKE '%listen%'`,
  );
  return Number(row?.n);
};

/** As many statements as the pool is wide run at the same time, and no more connections than that are there. */
const wholePoolWorks = async () => {
  await poolIsAtRest();
  await until('connections given up to be gone', async () => {
    const open = await backends();
    if (open > poolMax) throw new Error(`${open}`);
  });
  await hold.hold();
  const held = holders.map((tenantId) => handler.ask(tenantId, { keys: ['a'] }, { action: 'held' }));
  await hold.waiting(poolMax);
  await hold.letGo();
  for (const answer of await Promise.all(held)) assert.is(answer.status, 200, answer.text);
};

const goesThrough = async (begin: () => Promise<void>, end: () => Promise<void>) => {
  const load = startLoad(24, lookUp);
  await until('answers before', async () => assert.ok(load.count(200) > 50));
  await begin();
  // Two deadlines of every caller: established connections first, then new ones.
  const refused = () => load.count() - load.count(200);
  await until('refusals', async () => assert.ok(refused() > 120, `${refused()}`));
  await end();
  const then = load.count(200);
  await until('answers after', async () => assert.ok(load.count(200) > then + 100));
  const { answered, failures, slowestMs } = await load.stop();
  assert.equal(failures, []);
  assert.ok(slowestMs < deadlineMs + graceMs, `${slowestMs} ms`);
  for (const { answer } of answered.filter(({ answer: { status } }) => status !== 200)) {
    assert.match(
      `${answer.status} ${answer.json.code}`,
      /^(?:504 deadline_exceeded|503 (?:overloaded|database_unavailable))$/,
    );
    if (answer.status === 503) assert.match(String(answer.headers['retry-after']), /^\d+$/);
  }
  await wholePoolWorks();
};

test('runs as many statements at once as the pool is wide', wholePoolWorks);

test('the network swallows everything: connections are given up and made again', () =>
  goesThrough(
    () => proxy.mode('hang'),
    () => proxy.mode('forward'),
  ));

test('the server is frozen: it is waited for, within deadlines', () => goesThrough(server.pause, server.resume));

test('the admin port answered all the time', async () => {
  const { failures, statuses } = await admin.stop();
  assert.equal([failures, statuses], [[], [200]]);
});

test.after(async () => {
  await admin.stop();
  await handler.stop();
  await hold.close();
  await proxy.close();
});
test.run();
