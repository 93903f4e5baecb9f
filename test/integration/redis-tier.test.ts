// also over docker
/**
 * The Redis tier and its connection on a real server: the contract suite, and what only a server can do wrong.
 */
import { Redis } from 'ioredis';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { CacheEntry, KeyedEntry } from '../../pkg/cache/entry.ts';
import { createCacheGroup, redisFloorKey, redisKey } from '../../pkg/cache/group.ts';
import { createMemoryTier } from '../../pkg/cache/memory-tier.ts';
import { createRedisConnection } from '../../pkg/cache/redis-connection.ts';
import { createRedisTier, type RedisRead, type RedisTier } from '../../pkg/cache/redis-tier.ts';
import { redisTierContract } from '../../pkg/cache/redis-tier-contract.ts';
import { createCache } from '../../pkg/cache/two-tier.ts';
import { systemClock } from '../../pkg/process/clock.ts';
import { cacheLimits, redisLimits, requestLimits } from '../../pkg/process/limits.ts';
import { createBreaker } from '../../pkg/resilience/breaker.ts';
import { createDeadline } from '../../pkg/resilience/deadline.ts';
import { startRedis, whyNoRedis } from '../services/redis.ts';
import { testUnless } from '../services/test-unless.ts';
import { until } from '../services/until.ts';

const reason = await whyNoRedis();
const withRedis = testUnless(reason);
const server = reason === undefined ? await startRedis() : undefined;
const url = server?.url ?? '';
const closers: (() => void)[] = [];
const admin = new Redis(url, { lazyConnect: true });
admin.on('error', () => undefined);
closers.push(() => admin.disconnect());

const group = createCacheGroup({ tenantId: 'acme', action: 'get', revision: 'r1' });
const entry = (text: string | null): CacheEntry => {
  const readAt = Date.now();
  return { text, life: { readAt, freshUntil: readAt + 60_000, staleUntil: readAt + 90_000 } };
};

const open = async (timeoutMs = 2_000) => {
  const faults: string[] = [];
  const policies: (string | undefined)[] = [];
  const errors: string[] = [];
  const connection = createRedisConnection({
    url,
    clock: systemClock,
    random: Math.random,
    hooks: { onPolicy: (policy) => void policies.push(policy), onError: (code) => void errors.push(code) },
  });
  const { client } = connection;
  const breaker = createBreaker({
    name: 'redis',
    clock: systemClock,
    timeoutMs,
    failures: redisLimits.breakerFailures,
    windowMs: redisLimits.breakerWindowMs,
    probe: () => client.ping(),
    probeIntervalMs: redisLimits.breakerProbeIntervalMs,
  });
  const hooks = { onFault: (operation: string, code: string) => void faults.push(`${operation} ${code}`) };
  const tier = createRedisTier({ client, breaker, clock: systemClock, hooks });
  closers.push(() => {
    breaker.close();
    connection.stop();
  });
  await connection.start();
  return { connection, client, breaker, tier, faults, policies, errors };
};

const readOne = async (tier: RedisTier, keys: readonly string[]): Promise<RedisRead> => {
  const [only, ...more] = await tier.read([{ group, keys }]);
  assert.ok(only && more.length === 0, 'one for each');
  return only;
};
const write = (tier: RedisTier, entries: readonly KeyedEntry[]) => tier.write([{ group, entries }]);

const openEmpty = async (timeoutMs?: number) => {
  const opened = await open(timeoutMs);
  await admin.flushall();
  return opened;
};

const openForContract = async () => {
  const { tier, connection } = await openEmpty();
  return { tier, breakDown: connection.stop };
};
redisTierContract(withRedis, openForContract, Date.now);

withRedis('an entry lives in Redis until its staleUntil, a tombstone and a floor for their time', async () => {
  const { tier } = await openEmpty();
  await write(tier, [['a', entry('{}')]]);
  await tier.remove(group, ['b'], Date.now());
  await tier.raiseFloor(group.scope, Date.now());
  const lives = await Promise.all(
    [redisKey(group, 'a'), redisKey(group, 'b'), redisFloorKey(group.scope)].map((key) => admin.pttl(key)),
  );
  for (const [index, most] of [90_000, cacheLimits.tombstoneMs, cacheLimits.entryLifeMsMax].entries()) {
    const life = lives[index] ?? 0;
    assert.ok(life > most / 2 && life <= most, `${life} of ${most}`);
  }
});

withRedis('garbage and values of another type are misses, and are overwritten', async () => {
  const { tier, faults } = await openEmpty();
  await admin.set(redisKey(group, 'a'), '{"not":"ours"}');
  await admin.set(redisKey(group, 'b'), Buffer.from([0xff, 0x00, 0xfe]));
  await admin.rpush(redisKey(group, 'c'), 'list');
  await admin.set(redisKey(group, 'd'), '1R2');
  await admin.hset(redisFloorKey(group.scope), 'a', '1');
  const keys = ['a', 'b', 'c', 'd'];
  assert.equal(await readOne(tier, keys), { outcome: 'answered', entries: new Map(), floor: 0 });
  assert.is(
    await write(
      tier,
      keys.map((key) => [key, entry(key)]),
    ),
    true,
  );
  assert.is((await readOne(tier, keys)).entries.size, keys.length);
  await tier.raiseFloor(group.scope, 7);
  assert.is((await readOne(tier, keys)).floor, 7);
  await admin.set(redisFloorKey(group.scope), 'text');
  assert.is((await readOne(tier, keys)).floor, 0);
  await admin.del(redisKey(group, 'c'));
  await admin.rpush(redisKey(group, 'c'), 'list');
  assert.is(await tier.remove(group, keys, Date.now()), true);
  assert.is((await readOne(tier, keys)).entries.size, 0);
  assert.equal(faults, []);
});

withRedis('a full batch of the longest rows is written and read', async () => {
  const { tier } = await openEmpty();
  const row = entry('x'.repeat(requestLimits.answerBytesMax + 1));
  const keys = Array.from({ length: cacheLimits.writesInFlightMax }, (_, n) => `k${n}`);
  assert.is(
    await write(
      tier,
      keys.map((key) => [key, row]),
    ),
    true,
  );
  assert.is((await readOne(tier, keys)).entries.size, keys.length);
});

const countOf = async (command: string): Promise<number> =>
  Number(new RegExp(`^cmdstat_${command}:calls=(\\d+)`, 'm').exec(await admin.info('commandstats'))?.[1] ?? 0);

withRedis('what tenants ask for and store in one turn is one MGET and one script', async () => {
  const { tier } = await openEmpty();
  const memory = createMemoryTier(0);
  const cache = createCache({
    clock: systemClock,
    memory,
    redis: tier,
    random: Math.random,
    lookupsOf: () => [{ action: 'get', group: undefined }],
  });
  const groups = ['acme', 'umbrella', 'initech'].map((tenantId) =>
    createCacheGroup({ tenantId, action: 'get', revision: 'r1' }),
  );
  const counts = () => Promise.all(['mget', 'eval'].map(countOf));
  const [reads = 0, writes = 0] = await counts();
  const policy = { ttlSeconds: 60, missingTtlSeconds: 60, staleIfErrorSeconds: 0 };
  for (const each of groups) cache.store(each, cache.epoch(each), [['a', each.tenantId]], policy);
  await until('the script', async () => assert.equal(await counts(), [reads, writes + 1]));
  const deadline = createDeadline(systemClock, 60_000);
  const found = await Promise.all(groups.map((each) => cache.readRedis(each, ['a', 'b'], deadline)));
  deadline.close();
  assert.equal(
    found.map((entries) => [...entries].map(([key, { text }]) => `${key}=${text}`)),
    groups.map(({ tenantId }) => [`a=${tenantId}`]),
  );
  assert.equal(await counts(), [reads + 1, writes + 1]);
});

withRedis('writes above those allowed in flight are dropped and told', async () => {
  const { tier, faults } = await openEmpty();
  const writes = Array.from({ length: cacheLimits.writesInFlightMax + 1 }, (_, n) =>
    write(tier, [[`k${n}`, entry('{}')]]),
  );
  assert.is((await Promise.all(writes)).filter((written) => !written).length, 1);
  assert.equal(faults, ['write too_many_writes']);
  assert.is(await write(tier, [['a', entry('{}')]]), true);
});

withRedis('a hanging Redis costs each command the time-out and then nothing, and no value', async () => {
  const { tier, breaker, faults } = await openEmpty(20);
  await server?.pause();
  try {
    for (let n = 0; n < redisLimits.breakerFailures; n++) assert.is((await readOne(tier, ['a'])).outcome, 'error');
    assert.is(breaker.state(), 'open');
    assert.equal(faults, Array(redisLimits.breakerFailures).fill('read TimeoutError'));
    assert.is((await readOne(tier, ['a'])).outcome, 'skipped');
    assert.is(await write(tier, [['a', entry('{}')]]), false);
    assert.is(await tier.remove(group, ['a'], Date.now()), false);
    assert.is(await tier.raiseFloor(group.scope, 1), false);
    assert.is(faults.length, redisLimits.breakerFailures, 'an open breaker is not a fault each time');
  } finally {
    await server?.resume();
  }
});

withRedis('a killed Redis is an error at once, is said by code alone, and is found again', async () => {
  const { tier, connection, errors, faults } = await openEmpty();
  await server?.kill();
  await until('the connection to be gone', async () => assert.is.not(connection.client.status, 'ready'));
  assert.is((await readOne(tier, ['a'])).outcome, 'error');
  assert.equal(faults, ['read Error'], 'refused, not queued and given up');
  await until('a refused attempt', async () => assert.ok(errors.includes('ECONNREFUSED')));
  await server?.start();
  await until('the connection to be back', async () => assert.is(connection.client.status, 'ready'));
  assert.is(await write(tier, [['a', entry('{}')]]), true);
  assert.is((await readOne(tier, ['a'])).entries.size, 1);
  for (const code of errors) assert.match(code, /^\w+$/);
});

withRedis('tells the eviction policy at each connect, also where CONFIG is forbidden', async () => {
  await admin.config('SET', 'maxmemory-policy', 'noeviction');
  const { policies, client } = await open();
  await until('the first check', async () => assert.equal(policies, ['noeviction']));
  await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
  await admin.acl('SETUSER', 'default', '-config');
  try {
    client.disconnect(true);
    await until('the second check', async () => assert.equal(policies, ['noeviction', 'allkeys-lru']));
  } finally {
    await admin.acl('SETUSER', 'default', '+config');
  }
});

withRedis('start goes on without a Redis that is away, and finds it later', async () => {
  await server?.stop();
  const { connection, tier } = await open();
  assert.is((await readOne(tier, ['a'])).outcome, 'error');
  await server?.start();
  await until('the connection', async () => assert.is(connection.client.status, 'ready'));
  assert.is((await readOne(tier, ['a'])).outcome, 'answered');
});

test.after(async () => {
  for (const close of closers) close();
  await server?.stop();
});

test.run();
