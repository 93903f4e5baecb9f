// time limit: 120 s
// also over docker
import { once } from 'node:events';
import { connect } from 'node:net';
import { Client } from 'pg';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { chooseWay } from './choice.ts';
import { startPostgres } from './postgres.ts';
import { startRedis, whyNoRedis } from './redis.ts';
import type { Service } from './service.ts';
import { testUnless } from './test-unless.ts';

const ask = async (url: string, statement: string): Promise<unknown> => {
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return Object.values((await client.query(statement)).rows[0] ?? {})[0];
  } finally {
    await client.end();
  }
};

const redisCommand = async (url: string, command: string): Promise<string> => {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.once('end', () => socket.destroy(new Error('closed without an answer')));
  try {
    await once(socket, 'connect');
    socket.write(`${command}\r\n`);
    return String((await once(socket, 'data'))[0]);
  } finally {
    socket.destroy();
  }
};

/** The part of the contract that both services share; `speak` is any exchange with the server. */
const keepsTheContract = async (service: Service, speak: () => Promise<unknown>): Promise<void> => {
  await speak();
  await service.start();
  for (const end of [service.stop, service.kill]) {
    await end();
    await end();
    assert.instance(await speak().catch((error) => error), Error);
    await service.start();
    await speak();
  }
  await service.pause();
  const answer = speak();
  const first = await Promise.race([answer.then(() => 'answered'), new Promise((resolve) => setImmediate(resolve))]);
  assert.is(first, undefined);
  await service.resume();
  await answer;
  await service.pause();
  await service.kill();
  await service.start();
  await speak();
};

test('PostgreSQL keeps its port and data over stop, kill and pause', async () => {
  const postgres = await startPostgres();
  await ask(postgres.url, 'CREATE TABLE kept AS SELECT 42 AS n');
  await keepsTheContract(postgres, () => ask(postgres.url, 'SELECT 1'));
  assert.is(await ask(postgres.url, 'SELECT n FROM kept'), 42);
});

test('two PostgreSQL servers share nothing', async () => {
  const [one, other] = await Promise.all([startPostgres(), startPostgres()]);
  await ask(one.url, 'CREATE TABLE mine()');
  assert.is(await ask(other.url, "SELECT to_regclass('mine')"), null);
  await one.kill();
  assert.is(await ask(other.url, 'SELECT 1'), 1);
});

testUnless(await whyNoRedis())('Redis keeps its port over stop, kill and pause, and comes back empty', async () => {
  const redis = await startRedis();
  await redisCommand(redis.url, 'SET a 1');
  assert.match(await redisCommand(redis.url, 'GET a'), /\$1/);
  await keepsTheContract(redis, () => redisCommand(redis.url, 'PING'));
  assert.match(await redisCommand(redis.url, 'GET a'), /\$-1|_/);
});

const nothing = { name: 'it', image: 'no-registry.invalid/none:1', here: {}, install: 'Install it.' };

test('a way asked for by name is the only one tried, unless the service never comes that way', async () => {
  const ways = { ...nothing, here: { path: () => true } };
  assert.equal(await chooseWay(ways, 'path', () => {}), { way: 'path' });
  assert.equal(await chooseWay(ways, 'embedded', () => {}), { way: 'path' });
  assert.ok('missing' in (await chooseWay({ ...ways, here: { path: () => false } }, 'path', () => {})));
  assert.instance(await chooseWay(ways, 'elsewhere', () => {}).catch((error) => error), Error);
});

test('without any way the answer says why and what to install', async () => {
  const choice = await chooseWay(nothing, undefined, () => {});
  assert.match(
    'missing' in choice ? choice.missing : '',
    /^it: .*; no program on the PATH; no npm package\. Install it\.$/,
  );
});

test.run();
