/**
 * What operators hear of Redis' eviction policy: a warning and a 0 for any but allkeys-lru.
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

const policyIs = (handler: TestHandler, wanted: number) =>
  until(`redis_policy_ok ${wanted}`, async () => {
    const value = await metric(handler, 'redis_policy_ok');
    if (value !== wanted) throw new Error(`it is ${value}`);
  });

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

test.after(async () => {
  await Promise.all(handlers.map((handler) => handler.stop()));
  direct.disconnect();
  await redis.proxy.close();
});
test.run();
