/**
 * PostgreSQL killed and restarted under load: every call is answered, and what was answered is in the audit log.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { customerId } from '../services/database.ts';
import { startHandler } from '../services/handler.ts';
import { startLoad } from '../services/load.ts';
import { assertProblem } from '../services/problem.ts';
import { startProxiedPostgres } from '../services/proxied.ts';
import { until } from '../services/until.ts';

const deadlineMs = 2_000;
const graceMs = 1_000;

const { proxy, server, database } = await startProxiedPostgres();
const limits = { deadlineMilliseconds: deadlineMs, requestsPerSecond: 100_000, burst: 100_000 };
const handler = await startHandler({ DATABASE_URL: database.url, MEMORY_CACHE_BYTES: '0' }, [
  { tenantId: 'acme', spec: { limits } },
]);
await handler.ready();

const lookUp = (n: number) => handler.ask('acme', { customer_ids: [customerId(1 + (n % 2_000))] });

const reaches = (what: string, count: () => number, wanted: number) =>
  until(what, async () => {
    if (count() < wanted) throw new Error(`${count()} of ${wanted}`);
  });

const goesThrough = async (fault: () => Promise<void>, cure: () => Promise<void>) => {
  const admin = startLoad(1, () => handler.admin('/livez'), { pauseMs: 20 });
  const load = startLoad(16, lookUp);
  await reaches('answers before', () => load.count(200), 100);
  await fault();
  await reaches('refusals', () => load.count(503), 100);
  await cure();
  const then = load.count(200);
  await reaches('answers after', () => load.count(200), then + 200);
  const health = await admin.stop();
  assert.equal([health.failures, health.statuses], [[], [200]]);
  return load.stop();
};

for (const [fault, begin, end] of [
  ['killed and started again', server.kill, server.start],
  ['stopped and started again', server.stop, server.start],
  [
    'cut off from us and back',
    async () => {
      await proxy.mode('reset');
      await proxy.mode('refuse');
    },
    () => proxy.mode('forward'),
  ],
] as const) {
  test(`every call is answered in time while PostgreSQL is ${fault}`, async () => {
    const { answered, failures, slowestMs } = await goesThrough(begin, end);
    assert.equal(failures, []);
    assert.ok(slowestMs < deadlineMs + graceMs, `${slowestMs} ms`);
    const refused = answered.filter(({ answer }) => answer.status !== 200);
    for (const { answer } of refused) assertProblem(answer, 503, 'database_unavailable', true);

    const audited = new Set((await database.sql('SELECT request_id FROM audit_log')).map((row) => row.request_id));
    const unaudited = answered.filter(
      ({ answer }) => answer.status === 200 && !audited.has(answer.headers['x-request-id']),
    );
    assert.is(unaudited.length, 0);
  });
}

test.after(async () => {
  await handler.stop();
  await proxy.close();
});
test.run();
