/**
 * The connection to a real Redis that goes away and comes back: whether it is there, and that nobody judges the policy of one that is away.
 */
import { Redis } from 'ioredis';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createRedisConnection } from '../../pkg/cache/redis-connection.ts';
import { type Clock, systemClock } from '../../pkg/process/clock.ts';
import { redisLimits } from '../../pkg/process/limits.ts';
import { startProxiedRedis } from '../services/proxied.ts';
import { whyNoRedis } from '../services/redis.ts';
import { testUnless } from '../services/test-unless.ts';
import { until } from '../services/until.ts';

const testRedis = testUnless(await whyNoRedis());
const redis = await startProxiedRedis();
const direct = new Redis(redis.server.port, { lazyConnect: true });
const closers: (() => void)[] = [() => direct.disconnect()];

/** The policy is asked for every 20 ms instead of each minute; everything else takes its own time. */
const open = async (url = redis.url) => {
  const policies: string[] = [];
  let checks = 0;
  const quick: Clock = {
    ...systemClock,
    after: (ms, fn) => {
      const isCheck = ms === redisLimits.policyCheckIntervalMs;
      if (isCheck) checks += 1;
      return systemClock.after(isCheck ? 20 : ms, fn);
    },
  };
  const hooks = { onPolicy: (policy: string) => void policies.push(policy) };
  const connection = createRedisConnection({ url, clock: quick, random: Math.random, hooks });
  closers.push(connection.stop);
  assert.not(connection.connected());
  await connection.start();
  const checked = async () => {
    const enough = checks + 3;
    await until('three more checks', async () => assert.ok(checks >= enough));
  };
  const connectedIs = (wanted: boolean) =>
    until(`connected: ${wanted}`, async () => assert.is(connection.connected(), wanted));
  return { connectedIs, checked, policies };
};

for (const mode of ['refuse', 'hang'] as const) {
  testRedis(
    `one that is away (${mode}) is not connected, without a command of a caller, and has no policy`,
    async () => {
      await direct.config('SET', 'maxmemory-policy', 'allkeys-lru');
      await redis.proxy.mode('forward');
      const { connectedIs, checked, policies } = await open();
      await connectedIs(true);
      await checked();
      assert.equal([...new Set(policies)], ['allkeys-lru']);

      if (mode === 'refuse') await redis.proxy.mode('reset');
      await redis.proxy.mode(mode);
      await connectedIs(false);
      policies.length = 0;
      await checked();
      assert.equal(policies, []);

      await direct.config('SET', 'maxmemory-policy', 'noeviction');
      await redis.proxy.mode('forward');
      await connectedIs(true);
      await checked();
      assert.equal([...new Set(policies)], ['noeviction']);
    },
  );
}

testRedis('one that may not be asked for its policy is connected, and its policy unknown', async () => {
  await redis.proxy.mode('forward');
  await direct.acl('SETUSER', 'blind', 'on', '>secret', '~*', '+@all', '-config', '-info');
  const { connectedIs, checked, policies } = await open(redis.url.replace('//', '//blind:secret@'));
  await connectedIs(true);
  await checked();
  assert.equal([...new Set(policies)], ['unknown']);
});

test.after(async () => {
  for (const close of closers) close();
  await redis.proxy.close();
});
test.run();
