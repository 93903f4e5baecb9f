/**
 * The Redis tier on a real cluster, whose only node refuses commands that reach into several hash slots: the contract suite, and what is asked
 * for several groups at once. Once with a client that knows of the cluster, once with one that takes it for a single server, as behind a proxy.
 */
import { Redis } from 'ioredis';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createCacheGroup, redisKey } from '../../pkg/cache/group.ts';
import { createRedisConnection } from '../../pkg/cache/redis-connection.ts';
import { createRedisTier, type RedisTier } from '../../pkg/cache/redis-tier.ts';
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

/** Two addresses are what tells a cluster; that they are one node's is nobody's business. */
const open = async (addresses = `${url},${url}`) => {
  const connection = createRedisConnection({ url: addresses, clock: systemClock, random: Math.random });
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
  /** What the breaker is told of, whether it counts it or not. */
  const failures: unknown[] = [];
  const run: typeof breaker.run = (work) =>
    breaker.run(async () => {
      try {
        return await work();
      } catch (error) {
        failures.push(error);
        throw error;
      }
    });
  const tier = createRedisTier({ client, breaker: { run }, clock: systemClock, hooks });
  const stop = () => {
    breaker.close();
    connection.stop();
  };
  closers.push(stop);
  await connection.start();
  await admin.flushall();
  return { client, tier, faults, failures, breakDown: connection.stop };
};
const openPlain = () => open(url);

redisTierContract(withRedis, () => open(), Date.now);
redisTierContract((title, run) => withRedis(`behind one address: ${title}`, run), openPlain, Date.now);

const groups = ['acme', 'umbrella', 'initech'].map((tenantId) =>
  createCacheGroup({ tenantId, action: 'get', revision: 'r1' }),
);

withRedis('a command over the slots of several groups is refused', async () => {
  const { client } = await open();
  const code = await client.mget(groups.map((group) => redisKey(group, 'a'))).then(() => 'answered', String);
  assert.match(code, 'CROSSSLOT');
});

/** Commands that Redis ran, and those that it refused without running them. */
const counts = async () => {
  const stats = await admin.info('commandstats');
  const count = (command: string, what: string) =>
    Number(new RegExp(`^cmdstat_${command}:.*\\b${what}=(\\d+)`, 'm').exec(stats)?.[1] ?? 0);
  const of = (command: string) => ({ ran: count(command, 'calls'), refused: count(command, 'rejected_calls') });
  return { mget: of('mget'), eval: of('eval') };
};

/** @returns  what `work` had Redis do */
const counted = async (work: () => Promise<void>) => {
  const before = await counts();
  await work();
  const after = await counts();
  const since = (command: keyof typeof after) => ({
    ran: after[command].ran - before[command].ran,
    refused: after[command].refused - before[command].refused,
  });
  return { mget: since('mget'), eval: since('eval') };
};

const none = { ran: 0, refused: 0 };
const oneEach = { ran: groups.length, refused: 0 };
const refusedFirst = { ran: groups.length, refused: 1 };

const writeAll = async (tier: RedisTier) => {
  const now = Date.now();
  const life = { readAt: now, freshUntil: now + 60_000, staleUntil: now + 90_000 };
  const written = await tier.write(
    groups.map((group) => ({ group, entries: [['a', { text: group.tenantId, life }]] })),
  );
  assert.is(written, true);
};

const readAll = async (tier: RedisTier) => {
  const read = await tier.read(groups.map((group) => ({ group, keys: ['a', 'b'] })));
  assert.equal(
    read.map(({ outcome, entries }) => [outcome, [...entries].map(([key, { text }]) => `${key}=${text}`)]),
    groups.map(({ tenantId }) => ['answered', [`a=${tenantId}`]]),
  );
};

withRedis('groups in different slots are read and written in one call, by a command each', async () => {
  const { tier, faults } = await open();
  assert.equal(await counted(() => writeAll(tier)), { mget: none, eval: oneEach });
  assert.equal(await counted(() => readAll(tier)), { mget: oneEach, eval: none });
  assert.equal(faults, []);
});

withRedis(
  'behind one address, a write that is refused is done again by a command each, as is all that follows',
  async () => {
    const { tier, faults, failures } = await openPlain();
    assert.equal(await counted(() => writeAll(tier)), { mget: none, eval: refusedFirst });
    assert.equal(await counted(() => readAll(tier)), { mget: oneEach, eval: none });
    assert.equal(await counted(() => writeAll(tier)), { mget: none, eval: oneEach });
    assert.equal([failures, faults], [[], []]);
  },
);

withRedis(
  'behind one address, a read that is refused is done again by a command each, as is all that follows',
  async () => {
    const [before, { tier, faults, failures }] = [await open(), await openPlain()];
    await writeAll(before.tier);
    assert.equal(await counted(() => readAll(tier)), { mget: refusedFirst, eval: none });
    assert.equal(await counted(() => readAll(tier)), { mget: oneEach, eval: none });
    assert.equal(await counted(() => writeAll(tier)), { mget: none, eval: oneEach });
    assert.equal([failures, faults], [[], []]);
  },
);

withRedis('calls that are refused at the same time, more than open the breaker, are all done again', async () => {
  const { tier, faults, failures } = await openPlain();
  const calls = Array.from({ length: redisLimits.breakerFailures + 1 }, () => writeAll(tier));
  await Promise.all(calls);
  await readAll(tier);
  assert.equal([failures, faults], [[], []]);
});

withRedis('what is refused for one group alone is a fault, and is not done again', async () => {
  const { client, tier, faults } = await openPlain();
  let asked = 0;
  const refuse = (): Promise<never> => {
    asked += 1;
    return Promise.reject(new Error("CROSSSLOT Keys in request don't hash to the same slot"));
  };
  Object.assign(client, { mget: refuse, eval: refuse });
  const [group] = groups;
  if (group === undefined) throw new Error('no group');
  const [read] = await tier.read([{ group, keys: ['a'] }]);
  assert.is(read?.outcome, 'error');
  const life = { readAt: 1, freshUntil: 2, staleUntil: 3 };
  assert.is(await tier.write([{ group, entries: [['a', { text: '1', life }]] }]), false);
  assert.is(asked, 2);
  assert.equal(faults, ['read CROSSSLOT', 'write CROSSSLOT']);
});

test.after(async () => {
  for (const close of closers) close();
  await node?.stop();
});

test.run();
