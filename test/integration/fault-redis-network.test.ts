/**
 * A Redis that breaks in every way a network can: answers stay right and in time all along, and it is used again afterwards.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { customerId } from '../services/database.ts';
import { startHandler } from '../services/handler.ts';
import { startLoad } from '../services/load.ts';
import { metric } from '../services/metric.ts';
import { startProxiedPostgres, startProxiedRedis } from '../services/proxied.ts';
import { whyNoRedis } from '../services/redis.ts';
import { testUnless } from '../services/test-unless.ts';
import { until } from '../services/until.ts';

const deadlineMs = 3_000;
const graceMs = 1_000;
const callers = 8;
const callsUnderFault = 200;

const testRedis = testUnless(await whyNoRedis());
const [postgres, redis] = await Promise.all([startProxiedPostgres(), startProxiedRedis()]);
await redis.proxy.mode('refuse');
const handler = await startHandler(
  {
    DATABASE_URL: postgres.database.url,
    REDIS_URL: redis.url,
    REDIS_PROBE_INTERVAL_MS: '50',
    MEMORY_CACHE_BYTES: '0',
  },
  [
    {
      tenantId: 'acme',
      spec: { limits: { deadlineMilliseconds: deadlineMs, requestsPerSecond: 100_000, burst: 100_000 } },
    },
  ],
);
await handler.ready();
const admin = startLoad(1, () => handler.admin('/livez'), { pauseMs: 20 });

const redisHits = () => metric(handler, 'cache_requests_total', { tier: 'redis', result: 'hit' });

/** Two of fifty customers, so that some are cached and some are not. */
const keysOf = (n: number) => [customerId(1 + (n % 50)), customerId(1 + ((n * 7 + 3) % 50))];
const lookUp = (n: number) =>
  handler.ask('acme', { customer_ids: keysOf(n) }, { headers: { 'X-Request-Id': `n-${n}` } });

/** Every answer is 200, in time, and holds exactly the customers that were asked for. */
const answersRightly = async (fault: () => Promise<void>) => {
  const load = startLoad(callers, lookUp);
  await fault();
  const seen = load.count();
  await until('calls under the fault', async () => {
    if (load.count() < seen + callsUnderFault) throw new Error(`${load.count() - seen}`);
  });
  const { answered, failures, statuses, slowestMs } = await load.stop();
  assert.equal([failures, statuses], [[], [200]]);
  assert.ok(slowestMs < deadlineMs + graceMs, `${slowestMs} ms`);
  for (const { answer } of answered) {
    const n = Number(String(answer.headers['x-request-id']).slice(2));
    const { output } = answer.json as { output: { customers: { id: string }[]; missing?: string[] } };
    assert.equal(
      output.customers.map(({ id }) => id),
      [...new Set(keysOf(n))],
    );
    assert.is(output.missing, undefined);
  }
};

const usesRedisAgain = () =>
  until('a hit in Redis', async () => {
    const before = await redisHits();
    await lookUp(0);
    if ((await redisHits()) === before) throw new Error('none yet');
  });

testRedis('without Redis from the start', async () => {
  await answersRightly(async () => {});
  await redis.proxy.mode('forward');
  await usesRedisAgain();
});

testRedis('while connections hang: they are given up, and made again', async () => {
  const { accepted } = redis.proxy;
  await answersRightly(async () => {
    await redis.proxy.mode('hang');
    await until('another connection', async () => {
      if (redis.proxy.accepted === accepted) throw new Error('none yet');
    });
  });
  await redis.proxy.mode('forward');
  await usesRedisAgain();
});

testRedis('while connections are reset', async () => {
  await answersRightly(() => redis.proxy.mode('reset'));
  await redis.proxy.mode('forward');
  await usesRedisAgain();
});

testRedis('when a connection breaks off in the middle of an answer', async () => {
  for (let time = 0; time < 3; time += 1) {
    await answersRightly(() => redis.proxy.mode('resetMidAnswer'));
    await usesRedisAgain();
  }
});

testRedis('while it refuses new connections after the old ones were reset', async () => {
  await answersRightly(async () => {
    await redis.proxy.mode('reset');
    await redis.proxy.mode('refuse');
  });
  await redis.proxy.mode('forward');
  await usesRedisAgain();
});

testRedis('while it is frozen', async () => {
  await answersRightly(redis.server.pause);
  await redis.server.resume();
  await usesRedisAgain();
});

testRedis('when it is killed, and comes back empty', async () => {
  await answersRightly(redis.server.kill);
  await answersRightly(redis.server.start);
  await usesRedisAgain();
});

testRedis('while the admin port answered all the time', async () => {
  const { failures, statuses } = await admin.stop();
  assert.equal([failures, statuses], [[], [200]]);
});

test.after(async () => {
  await admin.stop();
  await handler.stop();
  await Promise.all([redis.proxy.close(), postgres.proxy.close()]);
});
test.run();
