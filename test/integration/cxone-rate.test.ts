/**
 * A tenant's rate over several pods: through one real Redis together, by equal shares while it is away.
 *
 * Only lower bounds of time are asserted: so many calls cannot have taken less, however slow the machine is.
 */
import { Redis } from 'ioredis';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createRedisBucket } from '../../pkg/cache/redis-bucket.ts';
import { cxoneEnv, cxoneTenant } from '../services/cxone-tenant.ts';
import { prepareDatabase } from '../services/database.ts';
import { startFakeCxone } from '../services/fake-cxone.ts';
import { startHandler, type TestHandler } from '../services/handler.ts';
import { startPostgres } from '../services/postgres.ts';
import { assertProblem } from '../services/problem.ts';
import { startRedis, whyNoRedis } from '../services/redis.ts';
import { testUnless } from '../services/test-unless.ts';

const rate = 20;
/** What comes in 100 ms. */
const burst = 2;
const noRedis = await whyNoRedis();
const testRedis = testUnless(noRedis);
const redis = noRedis === undefined ? await startRedis() : undefined;
const client = new Redis(redis?.port ?? 0, { lazyConnect: true });
const fake = await startFakeCxone();
const database = await prepareDatabase(await startPostgres());
const limits = { requestsPerSecond: 1_000, burst: 1_000, deadlineMilliseconds: 30_000 };
const tenants = [cxoneTenant(fake, 'acme', { limits, audit: 'DatabaseReads', cxone: { requestsPerSecond: rate } })];
const handlers: TestHandler[] = [];
const start = async (env: Readonly<Record<string, string>>): Promise<TestHandler> => {
  const handler = await startHandler({ DATABASE_URL: database.url, ...cxoneEnv(fake), ...env }, tenants);
  handlers.push(handler);
  await handler.ready();
  return handler;
};
const ask = (handler: TestHandler) => handler.ask('acme', { contact_id: '1' }, { action: 'get_contact' });

/** So many calls of each at once. @returns seconds, and how often each handler was answered */
const timed = async (pods: readonly TestHandler[], calls: number) => {
  const began = performance.now();
  const statuses = await Promise.all(
    pods.map(async (pod) =>
      (await Promise.all(Array.from({ length: calls }, () => ask(pod)))).map(({ status }) => status),
    ),
  );
  return { seconds: (performance.now() - began) / 1_000, statuses: statuses.flat() };
};

testRedis('two handlers that share a Redis keep the rate together', async () => {
  const pods = await Promise.all([1, 2].map(() => start({ REDIS_URL: redis?.url ?? '', PODS_MAX: '2' })));
  const { seconds, statuses } = await timed(pods, 30);
  assert.equal([...new Set(statuses)], [200]);
  const least = (2 * 30 - burst - 1) / rate;
  assert.ok(seconds >= least, `${seconds} s, at least ${least}`);
});

testRedis('while it is away, each has its equal share', async () => {
  await redis?.stop();
  const pod = await start({ REDIS_URL: redis?.url ?? '', PODS_MAX: '4' });
  const { seconds, statuses } = await timed([pod], 12);
  assert.equal([...new Set(statuses)], [200]);
  const least = (12 - 2) / (rate / 4);
  assert.ok(seconds >= least, `${seconds} s, at least ${least}`);
  await redis?.start();
});

test('without a Redis one pod has the whole rate, and who could not have its turn in time is told at once', async () => {
  const pod = await start({});
  const { seconds } = await timed([pod], 30);
  assert.ok(seconds >= (30 - burst - 1) / rate, `${seconds} s`);
  const queue = timed([pod], 60);
  const sent = fake.requests('api').length;
  const hasty = () =>
    pod.ask('acme', { contact_id: '1' }, { action: 'get_contact', headers: { 'X-Timeout-Ms': '1000' } });
  // The sixty arrive in an order of their own: one of a few comes behind enough of them.
  const answers = await Promise.all(Array.from({ length: 10 }, hasty));
  const refused = answers.filter(({ status }) => status === 503);
  assert.ok(refused.length > 0, answers.map(({ status }) => status).join());
  for (const answer of refused) assertProblem(answer, 503, 'overloaded', true);
  assert.ok(fake.requests('api').length - sent < 60);
  assert.equal([...new Set((await queue).statuses)], [200]);
});

testRedis(
  'the bucket itself: begins full, gives what it has, says when there is more, and cures what is in its way',
  async () => {
    const bucket = createRedisBucket({ client, breaker: { run: (work) => work() } });
    const take = (wanted: number, key = 'k') => bucket.take({ key, ratePerSecond: 1, burst: 3, wanted });
    assert.equal(await take(2), { granted: 2, waitMs: 0 });
    const rest = await take(5);
    assert.is(rest?.granted, 1);
    assert.ok(rest !== undefined && rest.waitMs > 0 && rest.waitMs <= 1_000, JSON.stringify(rest));
    assert.is((await take(1))?.granted, 0);
    for (const value of ['nonsense', '-5', '1e300', 'inf', 'nan']) {
      await client.set('k', value);
      assert.ok(await take(1), value);
      assert.match(String(await client.get('k')), /^\d{16}$/, value);
    }
    await client.del('k');
    await client.lpush('k', 'x');
    assert.is((await take(1))?.granted, 1);
    assert.ok((await client.pttl('k')) > 3_000);
    const future = String((Number(await client.get('k')) + 3_600_000_000).toFixed(0));
    await client.set('k', future);
    const after = await take(1);
    assert.ok(after !== undefined && after.granted === 0 && after.waitMs <= 1_000, JSON.stringify(after));
    const both = await Promise.all(Array.from({ length: 20 }, () => take(1, 'other')));
    assert.is(
      both.reduce((sum, each) => sum + (each?.granted ?? 0), 0),
      3,
    );
    client.disconnect();
    assert.is(await take(1), undefined);
  },
);

test.after(async () => {
  client.disconnect();
  await Promise.all(handlers.map((handler) => handler.stop()));
  await fake.close();
});
test.run();
