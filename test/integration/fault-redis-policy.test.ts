/**
 * What operators hear of Redis: whether it is connected, and a warning and a 0 for any eviction policy but allkeys-lru.
 */
import { Redis } from 'ioredis';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { prepareDatabase } from '../services/database.ts';
import { startHandler, type TestHandler } from '../services/handler.ts';
import { metric } from '../services/metric.ts';
import { startPostgres } from '../services/postgres.ts';
import { startProxiedRedis } from '../services/proxied.ts';
import { whyNoRedis } from '../services/redis.ts';
import { testUnless } from '../services/test-unless.ts';
import { until } from '../services/until.ts';

const testRedis = testUnless(await whyNoRedis());
const [database, redis] = await Promise.all([
  startPostgres().then((server) => prepareDatabase(server)),
  startProxiedRedis(),
]);
const direct = new Redis(redis.server.port, { lazyConnect: true });
const handlers: TestHandler[] = [];

const start = async () => {
  const handler = await startHandler({ DATABASE_URL: database.url, REDIS_URL: redis.url });
  handlers.push(handler);
  return handler;
};

const metricIs = (handler: TestHandler, name: 'redis_policy_ok' | 'redis_connected', wanted: number) =>
  until(`${name} ${wanted}`, async () => assert.is(await metric(handler, name), wanted));
const policyIs = (handler: TestHandler, wanted: number) => metricIs(handler, 'redis_policy_ok', wanted);

const warnings = (handler: TestHandler) =>
  handler
    .output()
    .split('\n')
    .filter((line) => line.includes('"level":"warn"') && line.includes('allkeys-lru'));

testRedis('warns at start of a policy that refuses writes when full', async () => {
  await direct.config('SET', 'maxmemory-policy', 'noeviction');
  const handler = await start();
  await policyIs(handler, 0);
  assert.is(warnings(handler).length, 1);
  assert.match(warnings(handler)[0] ?? '', /"policy":"noeviction"/);
});

testRedis('is content with allkeys-lru', async () => {
  await direct.config('SET', 'maxmemory-policy', 'allkeys-lru');
  const handler = await start();
  await policyIs(handler, 1);
  assert.equal(warnings(handler), []);
});

testRedis('looks again when it connects again', async () => {
  const handler = await start();
  await policyIs(handler, 1);
  await direct.config('SET', 'maxmemory-policy', 'volatile-ttl');
  await redis.proxy.mode('reset');
  await redis.proxy.mode('forward');
  await policyIs(handler, 0);
});

testRedis(
  'says that Redis is away though nobody asks for anything, keeps what it heard of the policy, and says when it is back',
  async () => {
    await direct.config('SET', 'maxmemory-policy', 'allkeys-lru');
    const handler = await start();
    await policyIs(handler, 1);
    await metricIs(handler, 'redis_connected', 1);
    await redis.proxy.mode('reset');
    await redis.proxy.mode('refuse');
    await metricIs(handler, 'redis_connected', 0);
    assert.is(await metric(handler, 'breaker_state', { dependency: 'redis' }), 0);
    assert.is(await metric(handler, 'redis_policy_ok'), 1);
    await redis.proxy.mode('forward');
    await metricIs(handler, 'redis_connected', 1);
    assert.equal(warnings(handler), []);
  },
);

testRedis('says nothing of a Redis that it is not given', async () => {
  const handler = await startHandler({ DATABASE_URL: database.url });
  handlers.push(handler);
  await handler.ready();
  assert.is(await metric(handler, 'redis_connected'), undefined);
});

test.after(async () => {
  await Promise.all(handlers.map((handler) => handler.stop()));
  direct.disconnect();
  await redis.proxy.close();
});
test.run();
