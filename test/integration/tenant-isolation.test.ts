/**
 * A key never opens another tenant's rows, whatever the body says: two tenants with the same customer ids, and one of them
 * with ill will. Nothing of the other may show in answers, audit rows, cache entries or metrics.
 */
import { Redis } from 'ioredis';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { customerId, prepareDatabase } from '../services/database.ts';
import { startHandler } from '../services/handler.ts';
import { startPostgres } from '../services/postgres.ts';
import { assertProblem } from '../services/problem.ts';
import { startRedis, whyNoRedis } from '../services/redis.ts';
import { secretOf } from '../services/tenants.ts';
import { testUnless } from '../services/test-unless.ts';
import { until } from '../services/until.ts';

const noRedis = await whyNoRedis();
const postgres = await startPostgres();
const database = await prepareDatabase(postgres);
const redis = noRedis === undefined ? await startRedis() : undefined;
const client = redis ? new Redis(redis.url) : undefined;
const evil = 'evil';
const victim = 'victim';
await database.sql(
  `INSERT INTO customers SELECT t, id, t || ' secret of ' || t, status, updated_at FROM customers, unnest(ARRAY['evil', 'victim']) AS t
   WHERE tenant_id = 'acme'`,
);
await database.sql("UPDATE customers SET name = 'row of ' || tenant_id WHERE tenant_id IN ('evil', 'victim')");
const handler = await startHandler({ DATABASE_URL: database.url, ...(redis ? { REDIS_URL: redis.url } : {}) }, [
  { tenantId: evil },
  { tenantId: victim },
]);
await handler.ready();

const victimsRow = `row of ${victim}`;
const action = '"action":"process_customer_batch"';
const ids = `"customer_ids":["${customerId(1)}"]`;

/** All signed by evil. */
const asVictim: readonly string[] = [
  `{${action},"input":{"tenant_id":"${victim}",${ids}}}`,
  `{${action},"input":{"tenant_id":"${evil}","tenant_id":"${victim}",${ids}}}`,
  `{${action},"input":{"tenant_id":"${evil}",${ids}},"input":{"tenant_id":"${victim}",${ids}}}`,
  `{${action},"input":{"tenant_\\u0069d":"${victim}",${ids}}}`,
];
const unusable: readonly string[] = [
  `{${action},"input":{"tenant_id":["${evil}","${victim}"],${ids}}}`,
  `{${action},"input":{"tenant_id":{"toString":"${evil}"},${ids}}}`,
  `{${action},"input":{"__proto__":{"tenant_id":"${evil}"},${ids}}}`,
  `{${action},"__proto__":{"input":{"tenant_id":"${evil}",${ids}}}}`,
  `{${action},"tenant_id":"${evil}","input":{${ids}}}`,
  `{${action},"input":{"Tenant_Id":"${evil}",${ids}}}`,
  `[{${action},"input":{"tenant_id":"${evil}",${ids}}}]`,
];
const lookAlikes: readonly string[] = [
  'EVIL',
  'Evil',
  'evil ',
  ' evil',
  'evil\\u0000',
  'ev\\u0131l',
  'еvil',
  'ｅvil',
  'evil\\u200b',
  'evil/',
];
/** Evil's own tenant_id where it counts, victim's wherever else it could be put. */
const misplaced: readonly string[] = [
  `{${action},"tenant_id":"${victim}","input":{"tenant_id":"${evil}",${ids}}}`,
  `{${action},"input":{"tenant_id":"${evil}","Tenant_id":"${victim}",${ids}}}`,
  `{${action},"input":{"tenant_id":"${evil}","tenantId":"${victim}",${ids}}}`,
  `{${action},"input":{"tenant_id":"${evil}","__proto__":{"tenant_id":"${victim}"},${ids}}}`,
  `{${action},"input":{"tenant_id":"${evil}","constructor":{"prototype":{"tenant_id":"${victim}"}},${ids}}}`,
  `{${action},"__proto__":{"input":{"tenant_id":"${victim}"}},"input":{"tenant_id":"${evil}",${ids}}}`,
  `{${action},"input":{"tenant_id":"${evil}","customer_ids":["${customerId(1)}","${victim}"]}}`,
  `{${action},"input":{"tenant_id":"${evil}","customer_ids":{"tenant_id":"${victim}","length":1}}}`,
];
/** These are answered: with evil's own rows. */
const harmless: readonly string[] = [
  `{${action},"input":{"tenant_id":"${victim}","tenant_id":"${evil}",${ids}}}`,
  `{${action},"input":{"tenant_id":"${victim}",${ids}},"input":{"tenant_id":"${evil}",${ids}}}`,
  `{${action},"input":{"tenant_id":"${evil}",${ids}},"context":{"tenant_id":"${victim}"}}`,
  `{${action},"input":{"tenant_id":"${evil}",${ids}},"context":{"__proto__":"${victim}"}}`,
];

test("a body that names the victim, or nobody, is a 401 under evil's key", async () => {
  for (const body of [...asVictim, ...unusable]) assertProblem(await handler.post(evil, body), 401, 'unauthenticated');
  for (const name of lookAlikes) {
    const body = `{${action},"input":{"tenant_id":"${name}",${ids}}}`;
    assertProblem(await handler.post(evil, body), 401, 'unauthenticated');
  }
});

test("the victim's name in any other place is a 400, not a hint", async () => {
  for (const body of misplaced) {
    const answer = await handler.post(evil, body);
    assertProblem(answer, 400, 'invalid_request');
    assert.not.match(answer.text, victim);
  }
});

test('what is answered is made of own rows alone', async () => {
  for (const body of harmless) {
    const answer = await handler.post(evil, body);
    assert.is(answer.status, 200, body);
    assert.match(answer.text, `row of ${evil}`);
    assert.not.match(answer.text, victimsRow);
  }
});

test('nothing of it left a trace at the victim: no audit row, no series, no log line', async () => {
  assert.equal(await database.sql('SELECT * FROM audit_log WHERE tenant_id <> $1', [evil]), []);
  assert.is(await database.auditRows(), harmless.length);
  const { text } = await handler.admin('/metrics');
  assert.match(text, `tenant_id="${evil}"`);
  assert.not.match(text, `tenant_id="${victim}"`);
  assert.not.match(handler.output(), `"tenantId":"${victim}"`);
});

testUnless(noRedis)('nor an entry in the cache', async () => {
  const keys = await until('a stored row', async () => {
    const found = (await client?.keys('*')) ?? [];
    if (found.length === 0) throw new Error('none');
    return found;
  });
  assert.equal(
    keys.filter((key) => !key.startsWith(`dac:{${evil}:`)),
    [],
  );
  for (const key of keys) assert.not.match(String(await client?.get(key).catch(() => '')), victimsRow);
});

test('the same ids, the same moment, one cache: each tenant gets its own rows', async () => {
  const asked = Array.from({ length: 200 }, async (_, n) => {
    const tenantId = n % 2 === 0 ? evil : victim;
    const answer = await handler.ask(tenantId, { customer_ids: [customerId(1 + (n % 3)), customerId(1 + (n % 40))] });
    assert.is(answer.status, 200);
    assert.match(answer.text, `row of ${tenantId}`);
    assert.not.match(answer.text, `row of ${tenantId === evil ? victim : evil}`);
  });
  await Promise.all(asked);
});

test("a tenant's name that looks like another's cache keys does not reach them", async () => {
  const names = ['evil.process_customer_batch', 'evil-', 'evil_', 'Evil'];
  await handler.apply([{ tenantId: evil }, ...names.map((tenantId) => ({ tenantId }))]);
  for (const name of names) {
    const answer = await handler.ask(name, { customer_ids: [customerId(1)] });
    assert.equal(answer.json, { output: { customers: [], count: 0, missing: [customerId(1)] } });
  }
  const forged = await handler.ask('Evil', { customer_ids: [customerId(1)] }, { secret: secretOf(evil) });
  assertProblem(forged, 401, 'unauthenticated');
});

test.after(() => {
  client?.disconnect();
  return handler.stop();
});
test.run();
