/**
 * The breaker round Redis, seen from outside: a Redis that answers too late, how it is left alone, and how it is taken back.
 */
import { Redis } from 'ioredis';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { customerId } from '../services/database.ts';
import { startHandler } from '../services/handler.ts';
import { metric } from '../services/metric.ts';
import { startProxiedPostgres, startProxiedRedis } from '../services/proxied.ts';
import { whyNoRedis } from '../services/redis.ts';
import { testUnless } from '../services/test-unless.ts';
import { until } from '../services/until.ts';

const probeIntervalMs = 200;
/** Each way; REDIS_TIMEOUT_MS is 100. */
const lateMs = 150;

const testRedis = testUnless(await whyNoRedis());
const [postgres, redis] = await Promise.all([startProxiedPostgres(), startProxiedRedis()]);
const direct = new Redis(redis.server.port, { lazyConnect: true });
const handler = await startHandler(
  {
    DATABASE_URL: postgres.database.url,
    REDIS_URL: redis.url,
    REDIS_PROBE_INTERVAL_MS: String(probeIntervalMs),
    MEMORY_CACHE_BYTES: '0',
  },
  // Where nothing is stored, one lookup is one command.
  [{ tenantId: 'acme' }, { tenantId: 'uncached', spec: { cache: { ttlSeconds: 0, missingTtlSeconds: 0 } } }],
);
await handler.ready();

const breaker = () => metric(handler, 'breaker_state', { dependency: 'redis' });
const redisKeys = async (result: string) =>
  (await metric(handler, 'cache_requests_total', { tier: 'redis', result })) ?? 0;

const breakerIs = (wanted: number) =>
  until(`breaker state ${wanted}`, async () => {
    const state = await breaker();
    if (state !== wanted) throw new Error(`it is ${state}`);
  });

/** Calls of a command that the real server has executed. */
const executed = async (command: string): Promise<number> => {
  const stats = await direct.info('commandstats');
  return Number(new RegExp(`^cmdstat_${command}:calls=(\\d+)`, 'm').exec(stats)?.[1] ?? 0);
};

const changesTo = (state: string): number =>
  handler
    .output()
    .split('\n')
    .filter((line) => line.includes('breaker changed') && line.includes(`"state":"${state}"`)).length;

const ask = async (tenantId: string) => {
  const answer = await handler.ask(tenantId, { customer_ids: [customerId(1)] });
  assert.is(answer.status, 200, answer.text);
};

testRedis('stays closed over four failures, and opens with the fifth in a row', async () => {
  redis.proxy.delayMs(lateMs);
  for (let call = 1; call <= 4; call += 1) await ask('uncached');
  assert.is(await breaker(), 0);
  await ask('uncached');
  await breakerIs(2);
  assert.is(await redisKeys('error'), 5);
});

testRedis('asks an open Redis nothing but one probe each interval', async () => {
  // What was under way when it opened arrives late.
  await until('the commands under way', async () => {
    if ((await executed('mget')) < 5) throw new Error('not yet');
  });
  const before = await executed('ping');
  const began = performance.now();
  for (let call = 0; call < 20; call += 1) await Promise.all([ask('uncached'), ask('acme')]);
  await until('three probes', async () => {
    if ((await executed('ping')) < before + 3) throw new Error('fewer');
  });
  const probes = (await executed('ping')) - before;
  const intervals = Math.ceil((performance.now() - began) / probeIntervalMs);
  assert.is(await executed('mget'), 5);
  assert.is(await executed('eval'), 0);
  assert.ok(probes <= intervals + 1, `${probes} probes in ${intervals} intervals`);
  assert.is(changesTo('closed'), 0);
  assert.is(await redisKeys('skipped'), 40);
});

testRedis('closes when a probe succeeds, and the cache works again', async () => {
  redis.proxy.delayMs(0);
  await breakerIs(0);
  await until('an answer from Redis', async () => {
    const before = await redisKeys('hit');
    await ask('acme');
    if ((await redisKeys('hit')) === before) throw new Error('not yet');
  });
});

test.after(async () => {
  await handler.stop();
  direct.disconnect();
  await Promise.all([redis.proxy.close(), postgres.proxy.close()]);
});
test.run();
