/**
 * A Redis that has rows which were changed since: it was away when the change was heard, or has come back from a snapshot. No handler answers
 * with them, and none that comes later does.
 */
import { Redis } from 'ioredis';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { customerId, prepareDatabase } from '../services/database.ts';
import { startHandler, type TestHandler } from '../services/handler.ts';
import { metric } from '../services/metric.ts';
import { startPostgres } from '../services/postgres.ts';
import { startProxiedRedis } from '../services/proxied.ts';
import { whyNoRedis } from '../services/redis.ts';
import { untilRedisIsBelieved } from '../services/redis-believed.ts';
import { testUnless } from '../services/test-unless.ts';
import { until } from '../services/until.ts';

const noRedis = await whyNoRedis();
const testRedis = testUnless(noRedis);
const database = await prepareDatabase(await startPostgres());
const redis = await startProxiedRedis();
const handlers: TestHandler[] = [];

/** Without rows in its own memory. */
const start = async (redisUrl: string): Promise<TestHandler> => {
  const env = {
    DATABASE_URL: database.url,
    REDIS_URL: redisUrl,
    REDIS_PROBE_INTERVAL_MS: '50',
    MEMORY_CACHE_BYTES: '0',
  };
  const limits = { requestsPerSecond: 100_000, burst: 100_000 };
  const handler = await startHandler(env, [{ tenantId: 'acme', spec: { limits } }]);
  handlers.push(handler);
  await handler.ready();
  return handler;
};
const [one, two] = noRedis === undefined ? await Promise.all([start(redis.url), start(redis.url)]) : [];

const nameOf = async (handler: TestHandler, n: number): Promise<unknown> => {
  const { json, text, status } = await handler.ask('acme', { customer_ids: [customerId(n)] });
  assert.is(status, 200, text);
  return (json.output as { customers: readonly { name: unknown }[] }).customers[0]?.name;
};
const rename = (n: number, name: string) =>
  database.sql("UPDATE customers SET name = $1 WHERE tenant_id = 'acme' AND id = $2", [name, customerId(n)]);
const hits = async (handler: TestHandler) =>
  (await metric(handler, 'cache_requests_total', { tier: 'redis', result: 'hit' })) ?? 0;

/** Reads it so often that Redis, and not PostgreSQL, answers. @returns all names that it was answered with meanwhile */
const namesUntilRedisAnswers = async (handler: TestHandler, n: number): Promise<readonly unknown[]> => {
  const names = new Set<unknown>();
  await until('an answer of Redis', async () => {
    const before = await hits(handler);
    names.add(await nameOf(handler, n));
    assert.ok((await hits(handler)) > before);
  });
  return [...names];
};

testRedis('a row that could not be removed is not answered by a handler that comes later', async () => {
  if (!one || !two) return;
  await untilRedisIsBelieved(one, two);
  await rename(1, 'before');
  assert.equal((await namesUntilRedisAnswers(one, 1)).at(-1), 'before');
  await redis.proxy.mode('reset');
  await rename(1, 'after');
  for (const handler of [one, two]) await until('the news', async () => assert.is(await nameOf(handler, 1), 'after'));
  const vouching = "SELECT count(*) AS n FROM pg_stat_activity WHERE application_name LIKE '%listen since%'";
  await until('nobody to vouch for Redis', async () => assert.is(Number((await database.sql(vouching))[0]?.n), 0));
  const three = await start(redis.server.url);
  assert.equal(await namesUntilRedisAnswers(three, 1), ['after']);
  await redis.proxy.mode('forward');
});

testRedis('a row that is back from a snapshot is not answered', async () => {
  if (!one || !two) return;
  await untilRedisIsBelieved(one, two);
  await rename(2, 'before');
  assert.equal((await namesUntilRedisAnswers(one, 2)).at(-1), 'before');
  const client = new Redis(redis.server.url);
  await client.save();
  client.disconnect();
  await rename(2, 'after');
  for (const handler of [one, two]) await until('the news', async () => assert.is(await nameOf(handler, 2), 'after'));
  await redis.server.kill();
  await redis.server.start();
  for (const handler of [one, two]) assert.equal(await namesUntilRedisAnswers(handler, 2), ['after']);
  assert.equal(await namesUntilRedisAnswers(await start(redis.server.url), 2), ['after']);
});

test.after(async () => {
  await Promise.all(handlers.map((handler) => handler.stop()));
  await redis.proxy.close();
});
test.run();
