/**
 * A handler hears of its own transactions like any other. What it has removed already it does not remove again; what it could not know
 * to be changed it does, however late the news is, and of news it does not understand it believes the worst.
 */
import { Redis } from 'ioredis';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cachedCounterActions, counter, createCounters, gateCommits, setCounters } from '../services/counters.ts';
import { prepareDatabase } from '../services/database.ts';
import { startHandler } from '../services/handler.ts';
import { assertProblem } from '../services/problem.ts';
import { startProxiedPostgres } from '../services/proxied.ts';
import { startRedis, whyNoRedis } from '../services/redis.ts';
import { createStatementGate } from '../services/statement-gate.ts';
import { testUnless } from '../services/test-unless.ts';
import { until } from '../services/until.ts';

const reason = await whyNoRedis();
const redis = reason === undefined ? await startRedis() : undefined;
const { database, server, proxy } = await startProxiedPostgres();
const direct = await prepareDatabase(server);
await createCounters(database);
const gate = await createStatementGate(server.url);
await gateCommits(database);

const actions = cachedCounterActions();
const tenants = ['acme', 'globex'].map((tenantId) => ({
  tenantId,
  spec: { actions, limits: { deadlineMilliseconds: 20_000 } },
}));
/** Its statements go through the proxy, the news does not. */
const handler = await startHandler(
  { DATABASE_URL: database.url, DATABASE_LISTEN_URL: direct.url, ...(redis && { REDIS_URL: redis.url }) },
  tenants,
);
await handler.ready();
await setCounters(database, 'acme', { names: ['a'] });

const read = async (): Promise<string> =>
  (await handler.ask('acme', { name: ['a'] }, { action: 'balances' })).text.match(/"n":\d+/)?.[0] ?? '';
const say = (payload: string) => database.sql(`SELECT pg_notify('dataactions_invalidate', $1)`, [payload]);
const tell = (payload: object) => say(JSON.stringify(payload));

test('it listens', () =>
  until('news to be acted on', async () => {
    await read();
    await database.sql("UPDATE counters SET n = n + 1 WHERE tenant_id = 'acme'");
    const current = `"n":${await counter(database, 'acme', 'a')}`;
    await tell({ tenantId: 'acme' });
    assert.is(await read(), current);
  }));

test('a commit that nobody answered is acted on when it is heard of, whatever was read before', async () => {
  await setCounters(database, 'acme', { names: ['a'] });
  await tell({ tenantId: 'acme' });
  await until('the start', async () => assert.is(await read(), '"n":0'));
  await gate.hold();
  const asked = handler.ask('acme', { name: 'a' }, { action: 'increment' });
  await gate.waiting(1);
  await proxy.mode('reset');
  assertProblem(await asked, 503, 'database_unavailable', true);
  await proxy.mode('forward');
  await until('what holds before it', async () => assert.is(await read(), '"n":0'));
  await gate.release();
  await until('the news', async () => assert.is(await read(), '"n":1'));
});

for (const [what, payload] of Object.entries({
  'no JSON': 'acme',
  'a field of a later version': JSON.stringify({ tenantId: 'globex', since: 1 }),
})) {
  test(`of news it does not understand it believes the worst: ${what}`, async () => {
    await setCounters(database, 'acme', { names: ['a'] });
    await tell({ tenantId: 'acme' });
    await until('the start', async () => assert.is(await read(), '"n":0'));
    await database.sql("UPDATE counters SET n = 7 WHERE tenant_id = 'acme'");
    assert.is(await read(), '"n":0');
    await say(payload);
    await until('what holds now', async () => assert.is(await read(), '"n":7'));
  });
}

testUnless(reason)('what its own transaction changed is removed from Redis once', async () => {
  if (!redis) throw new Error('no Redis');
  const client = new Redis(redis.url);
  const scripts = async () => Number((await client.info('commandstats')).match(/cmdstat_eval:calls=(\d+)/)?.[1]);
  // Heard after the news of all transactions so far, and removed by a script of its own.
  const tellLast = (key: string) => tell({ tenantId: 'globex', actions: ['balances'], keys: [key, 'other'] });
  await tellLast('start');
  await until('everything so far', async () => assert.is((await client.keys('*:start')).length, 1));
  for (const _ of Array(10)) {
    const before = await scripts();
    assert.is((await handler.ask('acme', { name: 'a' }, { action: 'increment' })).status, 200);
    await tellLast('end');
    await until('what was told last', async () => assert.ok((await scripts()) - before >= 2));
    assert.is((await scripts()) - before, 2);
  }
  await client.quit();
});

test.after(async () => {
  await gate.close();
  await handler.stop();
  await proxy.close();
});
test.run();
