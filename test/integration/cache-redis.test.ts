/**
 * The Redis tier from outside: it outlives a handler, is shared by handlers, and an invalidation reaches all of them.
 */

import { Redis } from 'ioredis';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { customerId, prepareDatabase } from '../services/database.ts';
import { startHandler, type TestHandler } from '../services/handler.ts';
import { startPostgres } from '../services/postgres.ts';
import { startRedis, whyNoRedis } from '../services/redis.ts';
import { untilRedisIsBelieved } from '../services/redis-believed.ts';
import { testUnless } from '../services/test-unless.ts';
import { until } from '../services/until.ts';

const noRedis = await whyNoRedis();
const redis = noRedis === undefined ? await startRedis() : undefined;
const withRedis = testUnless(noRedis);
const postgres = await startPostgres();
const database = await prepareDatabase(postgres);
/** Polling must not meet the rate. */
const limits = { requestsPerSecond: 100_000, burst: 100_000 };
const tenants = [
  { tenantId: 'acme', spec: { limits } },
  { tenantId: 'never', spec: { limits, cache: { ttlSeconds: 0, missingTtlSeconds: 0 } } },
];
const start = async (): Promise<TestHandler> => {
  const env = { DATABASE_URL: database.url, REDIS_URL: redis?.url ?? '', REDIS_TIMEOUT_MS: '2000' };
  const handler = await startHandler(env, tenants);
  await handler.ready();
  return handler;
};
const client = redis ? new Redis(redis.url) : undefined;
let [one, two] = await Promise.all([start(), start()]);
if (redis) await untilRedisIsBelieved(one, two);

let asked = 0;
const ask = async (handler: TestHandler, ns: readonly number[], tenantId = 'acme') => {
  asked += 1;
  const id = `request-${asked}`;
  const options = { headers: { 'X-Request-Id': id } };
  const answer = await handler.ask(tenantId, { customer_ids: ns.map(customerId) }, options);
  assert.is(answer.status, 200, answer.text);
  const [row] = await database.sql('SELECT source FROM audit_log WHERE request_id = $1', [id]);
  return { text: answer.text, source: row?.source };
};

/** Handlers write to Redis behind the answer. */
const stored = (n: number): Promise<void> =>
  until(`row ${n} in Redis`, async () => {
    const keys = (await client?.keys(`*:${customerId(n)}`)) ?? [];
    if (keys.length === 0) throw new Error('not there');
  });

withRedis('what one handler read, another takes from Redis, and then from its own memory', async () => {
  const first = await ask(one, [1]);
  await stored(1);
  const second = await ask(two, [1]);
  assert.equal([first.source, second.source, (await ask(two, [1])).source], ['database', 'redis', 'memory']);
  assert.is(second.text, first.text);
});

withRedis('an absence is shared likewise', async () => {
  await ask(one, [900_000]);
  await stored(900_000);
  const { source, text } = await ask(two, [900_000]);
  assert.is(source, 'redis');
  assert.match(text, '"missing"');
});

withRedis(
  'of a batch only what is missing travels further; the slowest part that was needed is its source',
  async () => {
    await ask(one, [2]);
    await ask(two, [3]);
    await Promise.all([stored(2), stored(3)]);
    assert.is((await ask(one, [2, 3])).source, 'redis');
    assert.is((await ask(one, [2, 3, 4])).source, 'database');
  },
);

withRedis('a handler that was restarted answers from Redis', async () => {
  let n = 500;
  await until('a row that was read while the other one has listened for long enough', async () => {
    n += 1;
    await ask(one, [n]);
    await stored(n);
    await one.stop();
    one = await start();
    assert.is((await ask(one, [n])).source, 'redis');
  });
});

withRedis('a changed row is forgotten by every handler, and by Redis', async () => {
  for (const handler of [one, two, one, two]) await ask(handler, [6]);
  await database.sql("UPDATE customers SET name = 'Renamed' WHERE tenant_id = 'acme' AND id = $1", [customerId(6)]);
  for (const handler of [one, two])
    await until('the new name', async () => assert.match((await ask(handler, [6])).text, '"name":"Renamed"'));
  for (let n = 0; n < 20; n += 1)
    for (const handler of [one, two]) assert.match((await ask(handler, [6])).text, '"name":"Renamed"');
});

withRedis('changes during reads never leave an old row behind', async () => {
  for (let round = 0; round < 15; round += 1) {
    const name = `Round ${round}`;
    const reads = Array.from({ length: 20 }, (_, n) => ask(n % 2 === 0 ? one : two, [7]));
    await database.sql("UPDATE customers SET name = $2 WHERE tenant_id = 'acme' AND id = $1", [customerId(7), name]);
    await Promise.all(reads);
    for (const handler of [one, two])
      await until(name, async () => assert.match((await ask(handler, [7])).text, `"name":"${name}"`));
    for (const handler of [one, two]) assert.match((await ask(handler, [7])).text, `"name":"${name}"`);
  }
});

withRedis('a tenant that wants no cache leaves nothing in Redis', async () => {
  await ask(one, [8], 'never');
  await ask(one, [9], 'acme');
  await stored(9);
  assert.equal(await client?.keys('*never*'), []);
});

withRedis('everything in Redis expires, within the ttl and its jitter', async () => {
  for (const key of (await client?.keys('dac:*')) ?? []) {
    if (key.endsWith(':floor')) continue;
    const ttl = (await client?.ttl(key)) ?? 0;
    assert.ok(ttl > 0 && ttl <= 330, `${key}: ${ttl}`);
  }
});

withRedis('garbage in place of an entry is read again from the database', async () => {
  await ask(one, [10]);
  await stored(10);
  for (const key of (await client?.keys(`*:${customerId(10)}`)) ?? []) await client?.set(key, '{"no":"entry"}');
  assert.is((await ask(two, [10])).source, 'database');
});

withRedis('what changed while nobody listened is not answered from Redis afterwards', async () => {
  await ask(one, [11]);
  await stored(11);
  await Promise.all([one.stop(), two.stop()]);
  await database.sql("UPDATE customers SET name = 'Unheard' WHERE tenant_id = 'acme' AND id = $1", [customerId(11)]);
  [one, two] = await Promise.all([start(), start()]);
  for (const handler of [one, two]) assert.match((await ask(handler, [11])).text, '"name":"Unheard"');
});

test.after(async () => {
  client?.disconnect();
  await Promise.all([one.stop(), two.stop()]);
});
test.run();
