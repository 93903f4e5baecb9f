/**
 * The Redis tier on a real cluster, whose only node refuses commands that reach into several hash slots: the contract suite, and what is asked
 * for several groups at once.
 */
import { Redis } from 'ioredis';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createCacheGroup, redisKey } from '../../pkg/cache/group.ts';
import { createRedisConnection } from '../../pkg/cache/redis-connection.ts';
import { createRedisTier } from '../../pkg/cache/redis-tier.ts';
import { redisTierContract } from '../../pkg/cache/redis-tier-contract.ts';
import { systemClock } from '../../pkg/process/clock.ts';
import { redisLimits } from '../../pkg/process/limits.ts';
import { createBreaker } from '../../pkg/resilience/breaker.ts';
import { startRedisClusterNode, whyNoRedis } from '../services/redis.ts';
import { testUnless } from '../services/test-unless.ts';
import { until } from '../services/until.ts';

const reason = await whyNoRedis();
const withRedis = testUnless(reason);
const node = reason === undefined ? await startRedisClusterNode() : undefined;
const url = node?.url ?? '';
const admin = new Redis(url, { lazyConnect: true });
const closers: (() => void)[] = [() => admin.disconnect()];

if (node) {
  await admin.call('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383);
  await until('the cluster', async () => assert.match(String(await admin.cluster('INFO')), 'cluster_state:ok'));
}

const open = async () => {
  // Two addresses are what tells a cluster; that they are one node's is nobody's business.
  const connection = createRedisConnection({ url: `${url},${url}`, clock: systemClock, random: Math.random });
  const { client } = connection;
  const breaker = createBreaker({
    name: 'redis',
    clock: systemClock,
    timeoutMs: 2_000,
    failures: redisLimits.breakerFailures,
    windowMs: redisLimits.breakerWindowMs,
    probe: () => client.ping(),
    probeIntervalMs: redisLimits.breakerProbeIntervalMs,
  });
  const faults: string[] = [];
  const hooks = { onFault: (operation: string, code: string) => void faults.push(`${operation} ${code}`) };
  const tier = createRedisTier({ client, breaker, clock: systemClock, hooks });
  const stop = () => {
    breaker.close();
    connection.stop();
  };
  closers.push(stop);
  await connection.start();
  await admin.flushall();
  return { client, tier, faults, breakDown: connection.stop };
};

redisTierContract(withRedis, open, Date.now);

const groups = ['acme', 'umbrella', 'initech'].map((tenantId) =>
  createCacheGroup({ tenantId, action: 'get', revision: 'r1' }),
);

withRedis('a command over the slots of several groups is refused', async () => {
  const { client } = await open();
  const code = await client.mget(groups.map((group) => redisKey(group, 'a'))).then(() => 'answered', String);
  assert.match(code, 'CROSSSLOT');
});

withRedis('groups in different slots are read and written in one call, by a command each', async () => {
  const { tier, faults } = await open();
  const calls = async (command: string) =>
    Number(new RegExp(`^cmdstat_${command}:calls=(\\d+)`, 'm').exec(await admin.info('commandstats'))?.[1] ?? 0);
  const counts = () => Promise.all(['mget', 'eval'].map(calls));
  const [reads = 0, writes = 0] = await counts();
  const now = Date.now();
  const life = { readAt: now, freshUntil: now + 60_000, staleUntil: now + 90_000 };
  const written = await tier.write(
    groups.map((group) => ({ group, entries: [['a', { text: group.tenantId, life }]] })),
  );
  assert.is(written, true);
  const read = await tier.read(groups.map((group) => ({ group, keys: ['a', 'b'] })));
  assert.equal(
    read.map(({ outcome, entries }) => [outcome, [...entries].map(([key, { text }]) => `${key}=${text}`)]),
    groups.map(({ tenantId }) => ['answered', [`a=${tenantId}`]]),
  );
  assert.equal(await counts(), [reads + groups.length, writes + groups.length]);
  assert.equal(faults, []);
});

test.after(async () => {
  for (const close of closers) close();
  await node?.stop();
});

test.run();
