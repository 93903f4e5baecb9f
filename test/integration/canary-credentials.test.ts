/**
 * Passwords of PostgreSQL and Redis, right ones and wrong ones, and settings that cannot be read: no word of them in what the
 * handler writes and serves.
 */
import { Redis } from 'ioredis';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createCanaries, everythingOf } from '../services/canary.ts';
import { customerId, prepareDatabase } from '../services/database.ts';
import { startHandler, type TestHandler } from '../services/handler.ts';
import { metric } from '../services/metric.ts';
import { startPostgres } from '../services/postgres.ts';
import { startRedis, whyNoRedis } from '../services/redis.ts';
import { untilRedisIsBelieved } from '../services/redis-believed.ts';
import { testUnless } from '../services/test-unless.ts';
import { until } from '../services/until.ts';

const canaries = createCanaries();
const right = canaries.plant('right_password');
const wrong = canaries.plant('wrong_password');
const noRedis = await whyNoRedis();
const redis = noRedis === undefined ? await startRedis() : undefined;
const postgres = await startPostgres();
const database = await prepareDatabase(postgres);
await database.sql(`CREATE ROLE guarded LOGIN PASSWORD '${right}' IN ROLE dataactions_service`);
const [hba] = await database.sql('SHOW hba_file');
await database.sql(`COPY (SELECT * FROM (VALUES ('host all guarded all scram-sha-256'), ('host all all all trust')) AS h)
  TO '${hba?.hba_file}'`);
await database.sql('SELECT pg_reload_conf()');
if (redis) {
  const client = new Redis(redis.url);
  await client.config('SET', 'requirepass', right);
  client.disconnect();
}

const handlers: TestHandler[] = [];
const start = async (env: Readonly<Record<string, string>>): Promise<TestHandler> => {
  const handler = await startHandler({ LOG_LEVEL: 'debug', ...env });
  handlers.push(handler);
  return handler;
};
const databaseUrl = (password: string): string => {
  const url = new URL(database.url);
  url.username = 'guarded';
  url.password = password;
  return url.href;
};
const redisUrl = (password: string): string => `redis://:${password}@${redis?.host}:${redis?.port}`;
const ask = (handler: TestHandler) => handler.ask('acme', { customer_ids: [customerId(1)] });

test("PostgreSQL's password, right", async () => {
  const handler = await start({ DATABASE_URL: databaseUrl(right) });
  await handler.ready();
  assert.is((await ask(handler)).status, 200);
  await canaries.assertSilent(handler);
});

test("PostgreSQL's password, wrong: not ready, saying why without it", async () => {
  const handler = await start({ DATABASE_URL: databaseUrl(wrong) });
  await until('the refusal', async () => assert.match(handler.output(), '28P01'));
  const answer = await ask(handler);
  assert.is(answer.status, 503);
  canaries.assertAbsent(everythingOf(answer), 'the answer');
  assert.is((await handler.admin('/readyz')).status, 503);
  await canaries.assertSilent(handler);
});

test('a password that is no URL encoding', async () => {
  const handler = await start({
    DATABASE_URL: database.url.replace('//', `//guarded:${wrong}%ZZ@`).replace(/@[^@]*@/, '@'),
  }).catch((error: unknown) => String(error));
  if (typeof handler === 'string') return canaries.assertAbsent(handler, 'the refusal');
  assert.is((await ask(handler)).status, 503);
  await canaries.assertSilent(handler);
});

test('unusable settings are all named and not shown', async () => {
  const unusable = {
    DATABASE_URL: `http://u:${wrong}@localhost/`,
    DATABASE_LISTEN_URL: wrong,
    REDIS_URL: `redis://:${wrong}@localhost, http://:${wrong}@localhost`,
    PORT: wrong,
    LOG_LEVEL: wrong,
  };
  const said = await start(unusable).then(
    () => 'it started',
    (error: unknown) => String(error),
  );
  for (const name of Object.keys(unusable)) assert.match(said, `${name}: expected`);
  assert.match(said, 'code 2');
  canaries.assertAbsent(said, 'the refusal');
});

const testRedis = testUnless(noRedis);
const used = (handler: TestHandler, result: string) =>
  metric(handler, 'cache_requests_total', { tier: 'redis', result });

testRedis("Redis' password, right", async () => {
  const handler = await start({ DATABASE_URL: database.url, REDIS_URL: redisUrl(right) });
  await handler.ready();
  assert.is((await ask(handler)).status, 200);
  assert.is(await used(handler, 'miss'), 1);
  await canaries.assertSilent(handler);
});

testRedis("Redis' password beside its URL, as a Secret gives it", async () => {
  const url = `redis://${redis?.host}:${redis?.port}`;
  const environment = { DATABASE_URL: database.url, REDIS_URL: url, REDIS_PASSWORD: right };
  const [writer, handler] = await Promise.all([start(environment), start(environment)]);
  await Promise.all([writer.ready(), handler.ready()]);
  await untilRedisIsBelieved(writer, handler);
  await canaries.assertSilent(handler);
});

testRedis("Redis' password, wrong: answers come without it", async () => {
  const handler = await start({ DATABASE_URL: database.url, REDIS_URL: redisUrl(wrong) });
  await handler.ready();
  const answer = await ask(handler);
  assert.is(answer.status, 200);
  canaries.assertAbsent(everythingOf(answer), 'the answer');
  assert.is(await used(handler, 'hit'), undefined);
  await canaries.assertSilent(handler);
});

test.after(async () => {
  await Promise.all(handlers.map((handler) => handler.stop()));
  for (const handler of handlers) canaries.assertAbsent(handler.output(), 'the log');
});
test.run();
