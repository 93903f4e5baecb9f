/**
 * Whether a Redis that was away is told to be the same when it comes back: only where nothing can be lost.
 */
import { Redis } from 'ioredis';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createRedisConnection } from '../../pkg/cache/redis-connection.ts';
import { systemClock } from '../../pkg/process/clock.ts';
import { startProxiedRedis } from '../services/proxied.ts';
import { startRedisClusterNode, whyNoRedis } from '../services/redis.ts';
import { testUnless } from '../services/test-unless.ts';
import { until } from '../services/until.ts';

const noRedis = await whyNoRedis();
const testRedis = testUnless(noRedis);
const redis = await startProxiedRedis();
const direct = new Redis(redis.server.port, { lazyConnect: true });
direct.on('error', () => {});
const closers: (() => void)[] = [() => direct.disconnect()];

const open = async (url = redis.url) => {
  const returns: boolean[] = [];
  const hooks = { onReturn: (isSame: Promise<boolean>) => void isSame.then((same) => returns.push(same)) };
  const connection = createRedisConnection({ url, clock: systemClock, random: Math.random, hooks });
  closers.push(connection.stop);
  await connection.start();
  const nextReturn = (before: number) =>
    until('its return', async () => {
      assert.ok(returns.length > before);
      return returns.slice(before);
    });
  return { connection, returns, nextReturn };
};

testRedis(
  'the first connection is no return; a lost one to the same server is, and that has lost nothing',
  async () => {
    const { connection, returns, nextReturn } = await open();
    assert.ok(connection.connected());
    await connection.client.ping();
    assert.equal(returns, []);
    await redis.proxy.mode('reset');
    await redis.proxy.mode('forward');
    assert.equal([...new Set(await nextReturn(0))], [true]);
  },
);

testRedis('a server that was started again, or took over from another one, is not the same', async () => {
  const { connection, returns, nextReturn } = await open();
  assert.ok(connection.connected());
  await redis.server.kill();
  await redis.server.start();
  assert.is((await nextReturn(0))[0], false);
  // As after a failover and back: the process is the same, its history is another one's.
  await direct.replicaof('127.0.0.1', redis.server.port);
  await direct.replicaof('NO', 'ONE');
  const before = returns.length;
  await redis.proxy.mode('reset');
  await redis.proxy.mode('forward');
  assert.is((await nextReturn(before))[0], false);
});

testRedis('of one that does not say who it is, nothing is known', async () => {
  await direct.acl('SETUSER', 'blind', 'on', '>secret', '~*', '+@all', '-info');
  const { nextReturn } = await open(redis.url.replace('//', '//blind:secret@'));
  await redis.proxy.mode('reset');
  await redis.proxy.mode('forward');
  assert.is((await nextReturn(0))[0], false);
});

testRedis('one that was away at first may be another one than others knew', async () => {
  await redis.proxy.mode('refuse');
  const { connection, nextReturn } = await open();
  assert.not(connection.connected());
  await redis.proxy.mode('forward');
  assert.is((await nextReturn(0))[0], false);
});

testRedis('a node of a cluster that goes may be replaced, and is not asked', async () => {
  const node = await startRedisClusterNode();
  const admin = new Redis(node.url);
  await admin.call('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383);
  await until('the cluster', async () => assert.match(String(await admin.cluster('INFO')), 'cluster_state:ok'));
  admin.disconnect();
  // By a name that the cluster itself does not use: that node is asked for the others, and left.
  const named = node.url.replace('127.0.0.1', 'localhost');
  const { connection, returns, nextReturn } = await open(`${named},${named}`);
  assert.ok(connection.connected());
  await connection.client.get('a');
  assert.equal(returns, []);
  await node.kill();
  assert.is((await nextReturn(0))[0], false);
});

test.after(async () => {
  for (const close of closers) close();
  await redis.proxy.close();
});
test.run();
