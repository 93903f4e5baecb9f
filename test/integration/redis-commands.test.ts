/**
 * What Redis is asked, counted by Redis itself: nothing while memory answers, at most one MGET for a request, one write for a batch of misses.
 *
 * Requests that arrive together share both, whoever their tenants are; how many do is the event loop's business, so that only bounds are held
 * here.
 */
import { Redis } from 'ioredis';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { customerId, prepareDatabase } from '../services/database.ts';
import { startHandler, type TestHandler } from '../services/handler.ts';
import { metric } from '../services/metric.ts';
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
const client = redis ? new Redis(redis.url) : undefined;
const tenants = ['acme', 'umbrella'] as const;
const limits = { requestsPerSecond: 10_000, burst: 10_000 };
const start = async (env: Readonly<Record<string, string>> = {}): Promise<TestHandler> => {
  const base = { DATABASE_URL: database.url, REDIS_URL: redis?.url ?? '', REDIS_TIMEOUT_MS: '2000' };
  const specs = tenants.map((tenantId) => ({ tenantId, spec: { limits } }));
  const handler = await startHandler({ ...base, ...env }, specs);
  await handler.ready();
  return handler;
};
const [handler, withoutMemory] = await Promise.all([start(), start({ MEMORY_CACHE_BYTES: '0' })]);
if (redis) await untilRedisIsBelieved(handler, withoutMemory);

const calls = async () => {
  const stats = (await client?.info('commandstats')) ?? '';
  const of = (command: string) => Number(new RegExp(`^cmdstat_${command}:calls=(\\d+)`, 'm').exec(stats)?.[1] ?? 0);
  return { reads: of('mget'), writes: of('eval') };
};

/** Every row is there, written behind the answers. */
const stored = (ns: readonly number[]): Promise<void> =>
  until('the rows in Redis', async () => {
    for (const n of ns) if ((await client?.keys(`*:${customerId(n)}`))?.length !== 1) throw new Error(`not ${n}`);
  });

/** What Redis was asked while these requests were answered. */
const askedFor = async (
  of: TestHandler,
  requests: readonly (readonly number[])[],
  tenantOf = (_request: number): string => 'acme',
) => {
  const before = await calls();
  const answers = await Promise.all(
    requests.map((ns, request) => of.ask(tenantOf(request), { customer_ids: ns.map(customerId) })),
  );
  for (const { status, text } of answers) assert.is(status, 200, text);
  await stored(requests.flat());
  const after = await calls();
  return { reads: after.reads - before.reads, writes: after.writes - before.writes };
};

withRedis('a batch of misses is one MGET and one write', async () => {
  const few = async () => (await metric(handler, 'lookup_readings_total', { result: 'few' })) ?? 0;
  const before = await few();
  assert.equal(await askedFor(handler, [[1, 2, 3, 4, 5]]), { reads: 1, writes: 1 });
  assert.is(await few(), before + 1);
});

withRedis('nothing when memory answers', async () => {
  assert.equal(await askedFor(handler, [[1, 2, 3, 4, 5], [3], [5, 1]]), { reads: 0, writes: 0 });
});

withRedis('rows that Redis has are one MGET, also without a memory tier, and are not written again', async () => {
  assert.equal(await askedFor(withoutMemory, [[5, 4, 3, 2, 1]]), { reads: 1, writes: 0 });
});

withRedis('of a batch that is known in part, only the rest is written', async () => {
  assert.equal(await askedFor(withoutMemory, [[1, 2, 6, 7]]), { reads: 1, writes: 1 });
});

for (const [title, tenantOf, first] of [
  ['of one tenant', () => 'acme', 100],
  ['of two tenants', (request: number) => tenants[request % 2] ?? '', 200],
] as const) {
  withRedis(
    `requests ${title} that arrive together are never more than an MGET each, and a write for each statement`,
    async () => {
      const batches = async () => (await metric(handler, 'coalesced_batch_size_count')) ?? 0;
      const before = await batches();
      const requests = Array.from({ length: 40 }, (_, n) => [first + 2 * n, first + 1 + 2 * n]);
      const { reads, writes } = await askedFor(handler, requests, tenantOf);
      const statements = (await batches()) - before;
      assert.ok(reads >= 1 && reads <= requests.length, `${reads} reads`);
      assert.ok(writes >= 1 && writes <= statements, `${writes} writes of ${statements} statements`);
    },
  );
}

test.after(async () => {
  await Promise.all([handler.stop(), withoutMemory.stop()]);
  await client?.quit();
});
test.run();
