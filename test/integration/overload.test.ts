/**
 * Far more callers than there is room for: refusals are quick, complete and nothing but refusals, and it passes without a trace.
 */
import { Agent, request } from 'undici';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { customerId, prepareDatabase } from '../services/database.ts';
import { startHandler } from '../services/handler.ts';
import { startLoad } from '../services/load.ts';
import { startPostgres } from '../services/postgres.ts';
import { until } from '../services/until.ts';

const requestsMax = 60;
const callers = 240;
const calls = 6_000;
const memoryGrowthMax = 200 * 1024 * 1024;

const postgres = await startPostgres();
const database = await prepareDatabase(postgres);
const wide = { requestsPerSecond: 100_000, burst: 100_000, concurrency: 10_000 };
const handler = await startHandler(
  {
    DATABASE_URL: database.url,
    REQUESTS_IN_FLIGHT_MAX: String(requestsMax),
    MEMORY_CACHE_BYTES: '0',
    LOG_LEVEL: 'warn',
  },
  [
    { tenantId: 'acme', spec: { limits: wide } },
    { tenantId: 'greedy', spec: { limits: { requestsPerSecond: 50, burst: 50, concurrency: 10_000 } } },
    { tenantId: 'crowd', spec: { limits: { ...wide, concurrency: 2 } } },
  ],
);
await handler.ready();
const tenants = ['acme', 'greedy', 'crowd'] as const;
const lookUp = (n: number) =>
  handler.ask(tenants[n % 3] ?? 'acme', {
    customer_ids: [customerId(1 + (n % 2_000)), customerId(1 + ((7 * n) % 2_000))],
  });

const residentBytes = async () =>
  Number(/^process_resident_memory_bytes (\d+)/m.exec((await handler.admin('/metrics')).text)?.[1]);

const codes: Readonly<Record<number, readonly unknown[]>> = {
  200: [undefined],
  429: ['rate_limited', 'too_many_concurrent'],
  503: ['overloaded'],
};

test('answers 200, 429 or 503, in JSON and with Retry-After, and grows no further than its bounds', async () => {
  const before = await residentBytes();
  const admin = startLoad(1, () => handler.admin('/livez'), { pauseMs: 20 });
  const load = startLoad(callers, lookUp);
  await until('the calls', async () => assert.ok(load.count() >= calls, `${load.count()}`));
  const { answered, failures, statuses } = await load.stop();
  const growth = (await residentBytes()) - before;
  const health = await admin.stop();
  assert.equal(failures, []);
  assert.equal(statuses, [200, 429, 503]);
  for (const { answer } of answered) {
    assert.is(answer.headers['content-type'], 'application/json');
    assert.ok(codes[answer.status]?.includes(answer.json.code), answer.text);
    if (answer.status !== 200) assert.match(String(answer.headers['retry-after']), /^[1-9]\d*$/);
  }
  assert.ok(growth < memoryGrowthMax, `${growth} bytes`);
  assert.equal([health.failures, health.statuses], [[], [200]]);
});

test('has all its room again afterwards', async () => {
  const answers = await Promise.all(
    Array.from({ length: requestsMax }, (_, n) => handler.ask('acme', { customer_ids: [customerId(n + 1)] })),
  );
  for (const { status } of answers) assert.is(status, 200);
});

test('connections beyond what anyone needs are answered too', async () => {
  const agent = new Agent({ connections: 1_000 });
  const answers = await Promise.all(
    Array.from({ length: 1_000 }, async () => {
      const { statusCode, body } = await request(`${handler.url}/data-action`, {
        method: 'POST',
        body: '{}',
        dispatcher: agent,
      });
      await body.dump();
      return statusCode;
    }),
  );
  assert.equal(
    [...new Set(answers)].filter((status) => status !== 401 && status !== 503),
    [],
  );
  await agent.close();
});

test.after(() => handler.stop());
test.run();
