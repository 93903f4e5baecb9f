/**
 * The mock and the real handler on PostgreSQL with the same rows answer the same requests with the same bytes.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { webhookSchemes } from '../../pkg/tenant/webhook-spec.ts';
import { cxoneEnv, cxoneTenant } from '../services/cxone-tenant.ts';
import { customerId, prepareDatabase } from '../services/database.ts';
import { startFakeCxone } from '../services/fake-cxone.ts';
import { type Answer, defaultAction, type SignOptions, startHandler } from '../services/handler.ts';
import { startMock, writeManifests } from '../services/mock.ts';
import { ownDirectory } from '../services/owned.ts';
import { startPostgres } from '../services/postgres.ts';

/** Base64 of 24 bytes: a key of every scheme. */
const secret = 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const customers = join(import.meta.dirname, '../../deploy/examples/customers.csv');

const lookup = (name: string, table: string, type = 'Integer') => ({
  name,
  input: [{ name: 'ids', type, list: true }],
  lookup: {
    statement: `SELECT * FROM ${table} WHERE $1 <> '' AND id = ANY($2)`,
    parameters: ['tenant_id', 'ids'],
    keys: 'ids',
    keyColumn: 'id',
    output: 'rows',
  },
});
const setStatus = {
  name: 'set_status',
  input: [
    { name: 'customer_ids', type: 'UUID', list: true },
    { name: 'status', type: 'String', enum: ['active', 'blocked'] },
  ],
  transaction: {
    statements: [
      {
        text: 'UPDATE customers SET status = $3 WHERE tenant_id = $1 AND id = ANY($2) RETURNING id, status',
        parameters: ['tenant_id', 'customer_ids', 'status'],
        output: 'customers',
      },
    ],
  },
};
const change = (name: string, where: string, output?: string) => ({
  name,
  transaction: {
    statements: [
      {
        text: `UPDATE wide SET text = text WHERE $1 <> '' AND ${where} RETURNING *`,
        parameters: ['tenant_id'],
        ...(output === undefined ? {} : { output }),
      },
    ],
  },
});
const actions = [
  lookup('wide', 'wide'),
  lookup('kinds', 'kinds', 'String'),
  change('too_large', 'true', 'rows'),
  change('nothing', 'false', 'rows'),
  change('silent', 'false'),
  setStatus,
];

const postgres = await startPostgres();
const database = await prepareDatabase(postgres);
/** Rows of 9,000 characters, and a last one that fits no answer. */
await database.sql(`CREATE TABLE wide AS SELECT n::int8 AS id, repeat('x', CASE n WHEN 10 THEN 40000 ELSE 9000 END) AS text
  FROM generate_series(1, 10) AS n`);
await database.sql(`CREATE TABLE kinds AS SELECT * FROM (VALUES
  ('a', 9007199254740993::int8, 1.50::numeric, 1e-7::float8, true, NULL::text, timestamptz '2026-01-01 00:01:00.5+02', '4155550100'),
  ('b"\\/', -1, 1e20::numeric, 0.1, false, E'\\u0001\\b\\f\\n\\r\\t\\u007f\\u2028\\\\ "é" 😀', '-infinity', '007'),
  ('7', 0, 0.000, -0.0, NULL, '', NULL, '')
  ) AS k (id, big, price, ratio, flag, note, at, phone)`);
await database.sql('GRANT SELECT, UPDATE ON wide, kinds TO dataactions_service');

const folder = ownDirectory('canned');
const write = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
/** As anybody would take rows out of a database. */
const jsonRows = async (table: string): Promise<string> => {
  const [row] = await database.sql(`SELECT json_agg(r)::text AS rows FROM ${table} AS r`);
  return write(`${table}.json`, String(row?.rows));
};
const blocked = [1, 2].map((n) => ({ id: customerId(n), status: 'blocked' }));

const fake = await startFakeCxone();
const tenants = [
  { tenantId: 'acme', secrets: [secret], spec: { actions: [...actions] } },
  { tenantId: 'slow', spec: { limits: { requestsPerSecond: 1, burst: 1 } } },
  { tenantId: 'busy', spec: { suspend: true } },
  cxoneTenant(fake, 'calls'),
  { tenantId: 'hooks', secrets: [secret], spec: { actions, webhook: { scheme: 'StandardWebhooks' } } },
  ...webhookSchemes.map((scheme) => ({ tenantId: `by-${scheme}`, secrets: [secret], spec: { webhook: { scheme } } })),
  { tenantId: 'quickstart' },
];
const handler = await startHandler({ DATABASE_URL: database.url, ...cxoneEnv(fake) }, tenants);
await handler.ready();
await handler.apply(tenants);
// Sample customers are acme's.
await database.sql(
  "INSERT INTO customers SELECT 'quickstart', id, name, status, updated_at FROM customers WHERE tenant_id = 'acme'",
);
const shared = write('shared.csv', readFileSync(customers, 'utf8').replace(/^acme,/gm, ','));
const mock = await startMock(
  '-f',
  writeManifests(tenants),
  `${defaultAction}=${shared}`,
  `wide=${await jsonRows('wide')}`,
  `kinds=${await jsonRows('kinds')}`,
  `too_large=${await jsonRows('wide')}`,
  `set_status=${write('blocked.json', JSON.stringify(blocked))}`,
  `get_contact=${write('contact.json', '{"output": {"contact": {"price": 1.50, "tags": [null, 9007199254740993]}}}')}`,
);

/** Everything of an answer that may not differ. */
const shown = ({ status, headers, text }: Answer) => {
  const { date: _, connection: __, 'keep-alive': ___, ...rest } = headers;
  return { status, headers: rest, text };
};

interface Sent extends SignOptions {
  readonly headers?: Readonly<Record<string, string | string[]>>;
}

/** Sends the same to both. @returns what both answered */
const askBoth = async (
  tenantId: string,
  body: string,
  { headers: more = {}, ...options }: Sent = {},
): Promise<Answer> => {
  const signed = handler.sign(tenantId, body, options);
  const headers = { 'X-Request-Id': 'r-4711', ...signed, ...more };
  const real = await handler.post(tenantId, body, { unsigned: true, headers });
  const mocked = await mock.post(body, headers);
  assert.equal(shown(mocked), shown(real), body.slice(0, 200));
  return real;
};
const bodyOf = (tenantId: string, action: string, input: object, context?: object): string =>
  JSON.stringify({ action, input: { tenant_id: tenantId, ...input }, context });
const ask = (tenantId: string, action: string, input: object, options: Sent = {}) =>
  askBoth(tenantId, bodyOf(tenantId, action, input), options);
const acme = (action: string, input: object, options: Sent = {}) => ask('acme', action, input, { secret, ...options });

test("the quickstart's customers of the example, found, missing, twice and in the order asked for", async () => {
  const { json } = await ask('quickstart', defaultAction, { customer_ids: [42, 4, 3_000, 1, 4, 2, 3].map(customerId) });
  assert.is(Object(json.output).count, 5);
  assert.equal(Object(json.output).missing, [customerId(3_000)]);
});

test('more, tooLarge and missing at once, and the pages that follow', async () => {
  const { json } = await acme('wide', { ids: [10, 99, ...Array.from({ length: 9 }, (_, at) => at + 1)] });
  const { more, tooLarge, missing } = Object(json.output);
  assert.equal([more, tooLarge, missing], [[4, 5, 6, 7, 8, 9], [10], [99]]);
  await acme('wide', { ids: more });
});

test('values of every kind, to the digit and the escape', async () => {
  const { json } = await acme('kinds', { ids: ['7', 'b"\\/', 'a', 'none "of\nthem'] });
  assert.is(Object(json.output).count, 3);
});

test('requests that are wrong in every way a caller gets wrong', async () => {
  const inputs = [
    {},
    { ids: [] },
    { ids: ['a'] },
    { ids: [1], more: 1 },
    { ids: Array(101).fill(1) },
    { ids: [1.5] },
    { ids: 1 },
  ];
  for (const input of inputs) assert.is((await acme('wide', input)).status, 400);
  assert.is((await acme('nobody', {})).status, 400);
  assert.is((await acme('set_status', { customer_ids: [customerId(1)], status: 'gone' })).status, 400);
  const bodies = [
    '',
    '{',
    '[]',
    '{"input":{"tenant_id":"acme"}}',
    '\u00ff',
    `{"action":"wide","input":{"tenant_id":"acme","ids":[9223372036854775808]}}`,
  ];
  for (const body of bodies) await askBoth('acme', body, { secret });
  await askBoth('acme', `"${'x'.repeat(70_000)}"`, { secret });
  await acme('wide', { ids: [1] }, { headers: { 'Content-Type': 'image/png' } });
  await acme('wide', { ids: [1] }, { headers: { 'Content-Type': 'application/x-www-form-urlencoded' } });
  await acme('wide', { ids: [1] }, { headers: { 'Content-Encoding': 'gzip' } });
});

test("a transaction's answer, its repeats, and what an idempotency key may not do", async () => {
  const input = { customer_ids: [customerId(1), customerId(2)], status: 'blocked' };
  const withKey = (key: string) => ({ headers: { 'Idempotency-Key': key } });
  for (const _ of [1, 2]) assert.is((await acme('set_status', input)).status, 200);
  for (const _ of [1, 2]) assert.is((await acme('set_status', input, withKey('k1'))).status, 200);
  const other = { ...input, status: 'active' };
  assert.is((await acme('set_status', other, withKey('k1'))).status, 422);
  assert.is((await acme('nothing', {}, withKey('k1'))).status, 200);
  for (const key of ['', ' ', 'x'.repeat(256)]) assert.is((await acme('set_status', input, withKey(key))).status, 400);
  for (const _ of [1, 2]) assert.is((await acme('too_large', {}, withKey('k2'))).status, 422);
  for (const action of ['nothing', 'silent']) await acme(action, {});
});

test('a message id is a key too', async () => {
  const options = { secret, messageId: 'msg_1' };
  const input = { customer_ids: [customerId(1), customerId(2)], status: 'blocked' };
  await database.sql("INSERT INTO customers SELECT 'hooks', id, name, status FROM customers WHERE tenant_id = 'acme'");
  for (const _ of [1, 2]) assert.is((await ask('hooks', 'set_status', input, options)).status, 200);
  assert.is((await ask('hooks', 'set_status', { ...input, status: 'active' }, options)).status, 422);
});

for (const scheme of webhookSchemes) {
  test(`${scheme}: genuine requests are answered, wrong ones are the same 401`, async () => {
    const tenantId = `by-${scheme}`;
    const body = bodyOf(tenantId, defaultAction, { customer_ids: [customerId(9)] });
    const good = handler.sign(tenantId, body, { secret });
    assert.is((await askBoth(tenantId, body, { secret })).status, 200);
    const wrong: readonly Sent[] = [
      { secret: 'Tm9ib2R5IGhhcyB0aGlzIGtleSBvZiBh' },
      ...Object.entries(good)
        .filter(([name]) => name !== 'X-Nexus-Delivery-Id')
        .flatMap(([name, value]) => [
          { secret, headers: { [name]: `${value}0` } },
          { secret, headers: { [name]: [value, value] } },
          { secret, headers: { [name]: '' } },
        ]),
    ];
    for (const sent of wrong) assert.is((await askBoth(tenantId, body, sent)).status, 401, JSON.stringify(sent));
    const stale = await askBoth(tenantId, body, { secret, now: 1_000_000_000 });
    assert.is(stale.status, ['HmacBody', 'Bearer'].includes(scheme) ? 200 : 401);
  });
}

test('unknown and suspended tenants are the same 401', async () => {
  for (const tenantId of ['nobody', 'busy']) {
    assert.is((await ask(tenantId, defaultAction, { customer_ids: [customerId(1)] })).status, 401);
  }
});

test("the tenant's rate", async () => {
  const body = bodyOf('slow', defaultAction, { customer_ids: [customerId(9)] });
  const headers = { 'X-Request-Id': 'r-4711', ...handler.sign('slow', body) };
  const refusalOf = async (post: () => Promise<Answer>) => {
    for (let attempt = 0; attempt < 100; attempt += 1) {
      const answer = await post();
      if (answer.status === 429) return shown(answer);
    }
    return undefined;
  };
  const real = await refusalOf(() => handler.post('slow', body, { unsigned: true, headers }));
  assert.is(real?.headers['retry-after'], '1');
  assert.equal(await refusalOf(() => mock.post(body, headers)), real);
});

test("a CXone call answers what the API's JSON would make, and null without a file", async () => {
  fake.next('api', { status: 200, body: '{"price":1.50,"tags":[null,9007199254740993]}' });
  await ask('calls', 'get_contact', { contact_id: 'c1' });
  fake.next('api', { status: 204, headers: {}, body: '' });
  await ask('calls', 'remove', {});
  assert.is((await ask('calls', 'get_contact', { contact_id: '..' })).status, 400);
});

test.after(async () => {
  await Promise.all([handler.stop(), mock.stop(), fake.close()]);
});
test.run();
