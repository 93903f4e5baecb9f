/**
 * Every bound on what a body may say: taken at the bound, refused one beyond it, with the path of what is too much.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { customerId, prepareDatabase } from '../services/database.ts';
import { type Answer, startHandler } from '../services/handler.ts';
import { startPostgres } from '../services/postgres.ts';
import { assertProblem } from '../services/problem.ts';

const postgres = await startPostgres();
const database = await prepareDatabase(postgres);
const input = [
  { name: 'keys', type: 'Integer', list: true },
  { name: 'text', type: 'String', optional: true },
  { name: 'short', type: 'String', minLength: 2, maxLength: 3, optional: true },
  { name: 'word', type: 'String', enum: ['a', 'b'], optional: true },
  { name: 'digits', type: 'String', pattern: '^[0-9]+$', optional: true },
  { name: 'others', type: 'Integer', list: true, optional: true },
  { name: 'real', type: 'Number', optional: true },
  { name: 'yes', type: 'Boolean', optional: true },
  { name: 'at', type: 'Timestamp', optional: true },
];
const echo = {
  name: 'echo',
  input,
  lookup: {
    statement: `SELECT k AS id, $3 AS text, $4 AS short, $5 AS word, $6 AS digits, $7 AS others, $8 AS real, $9 AS yes, $10 AS at
      FROM unnest($2) AS k WHERE $1 <> ''`,
    parameters: ['tenant_id', ...input.map(({ name }) => name)],
    keys: 'keys',
    keyColumn: 'id',
    output: 'rows',
  },
};
const handler = await startHandler({ DATABASE_URL: database.url }, [
  { tenantId: 'acme', spec: { limits: { batchSize: 3 } } },
  { tenantId: 'large', spec: { limits: { batchSize: 500 } } },
  { tenantId: 'echo', spec: { actions: [echo] } },
]);
await handler.ready();

const ask = (fields: object): Promise<Answer> => handler.ask('echo', { keys: [1], ...fields }, { action: 'echo' });

const assertTaken = (answer: Answer, what: string) => assert.is(answer.status, 200, `${what}: ${answer.text}`);
const assertRefused = (answer: Answer, path: string) => {
  assertProblem(answer, 400, 'invalid_request');
  const errors = Array.isArray(answer.json.errors) ? answer.json.errors : [];
  assert.equal([...new Set(errors.map((error: { path: string }) => error.path))], [path]);
};

const ids = (count: number) => Array.from({ length: count }, (_, n) => customerId(n + 10_000));

test("a batch holds 1 to the tenant's batchSize keys, as they stand in the request", async () => {
  assertTaken(await handler.ask('acme', { customer_ids: ids(3) }), 'batchSize');
  assertRefused(await handler.ask('acme', { customer_ids: ids(4) }), 'input.customer_ids');
  assertRefused(await handler.ask('acme', { customer_ids: [] }), 'input.customer_ids');
  assertTaken(await handler.ask('large', { customer_ids: ids(500) }), '500');
  assertRefused(await handler.ask('large', { customer_ids: ids(501) }), 'input.customer_ids');
});

test('the length of a list is looked at before its items', async () => {
  assertRefused(await handler.ask('acme', { customer_ids: ['x', 'x', 'x', 'x'] }), 'input.customer_ids');
});

test('a key that is named twice, in whatever case, is looked up once', async () => {
  const upper = 'ABCDEF00-0000-4000-8000-000000000001';
  const answer = await handler.ask('acme', { customer_ids: [upper, upper.toLowerCase(), upper] });
  assert.equal(answer.json, { output: { customers: [], count: 0, missing: [upper.toLowerCase()] } });
});

/** Of the echo action: what is taken, and what is refused at the field itself. */
const fields: Readonly<Record<string, { readonly taken: readonly unknown[]; readonly refused: readonly unknown[] }>> = {
  text: {
    taken: ['', 'x'.repeat(1_024), '😀'.repeat(1_024), '\u0001\u2028"\\{},'],
    refused: ['x'.repeat(1_025), '😀'.repeat(1_025), 'a\u0000b', '\ud800', 'a\udc00', 7, [], {}, true],
  },
  short: { taken: ['ab', 'abc', '😀😀', '😀😀😀'], refused: ['a', 'abcd', '😀', '😀😀😀😀', ''] },
  word: { taken: ['a', 'b'], refused: ['c', 'A', '', 'a ', 0] },
  digits: { taken: ['0', '123'], refused: ['', '12a', ' 1', '1\n'] },
  others: {
    taken: [[], Array.from({ length: 500 }, (_, n) => n)],
    refused: [Array.from({ length: 501 }, (_, n) => n), 1, '1', {}],
  },
  real: { taken: [0, -1.5, 1e308, 5e-324, 1e20], refused: ['1', [], true] },
  yes: { taken: [true, false], refused: [0, 1, 'true', 'yes'] },
  at: {
    taken: ['2026-01-01T00:00:00Z', '0001-01-01T00:00:00.123456789+14:00', '9999-12-31T23:59:59-12:00'],
    refused: ['2026-02-30T00:00:00Z', 'now', 'infinity', '2026-01-01', '0000-01-01T00:00:00Z', 1_700_000_000],
  },
};

for (const [name, { taken, refused }] of Object.entries(fields)) {
  test(`${name}: at the bound and one beyond`, async () => {
    for (const value of taken) assertTaken(await ask({ [name]: value }), JSON.stringify(value).slice(0, 80));
    for (const value of refused) assertRefused(await ask({ [name]: value }), `input.${name}`);
    assertRefused(await ask({ [name]: null }), `input.${name}`);
  });
}

const raw = (keys: string) => handler.post('echo', `{"action":"echo","input":{"tenant_id":"echo","keys":${keys}}}`);

test('an Integer is an int8, exactly, there and back', async () => {
  const extremes = ['9223372036854775807', '-9223372036854775808', '9007199254740993', '0'];
  const answer = await raw(`[${extremes.join(',')},-0]`);
  assertTaken(answer, 'int8');
  for (const extreme of extremes) assert.match(answer.text, `"id":${extreme},`);
  assert.match(answer.text, '"count":4');
  for (const beyond of ['9223372036854775808', '-9223372036854775809', '1.5', '1e30', '"1"', `1${'0'.repeat(60_000)}`])
    assertRefused(await raw(`[${beyond}]`), 'input.keys[0]');
});

const askWith = (context: unknown) =>
  handler.post(
    'acme',
    JSON.stringify({ action: 'process_customer_batch', input: { tenant_id: 'acme', customer_ids: ids(1) }, context }),
  );
const entries = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, 'v']));

test('a context has at most 32 entries, keys of 64 and values of 1,024 characters', async () => {
  const taken = [
    {},
    entries(32),
    { ['😀'.repeat(64)]: '😀'.repeat(1_024) },
    { 'a b"\\': '' },
    Object.fromEntries([['__proto__', 'x']]),
  ];
  for (const context of taken) assertTaken(await askWith(context), JSON.stringify(context).slice(0, 60));
  for (const context of [entries(33), null, [], 'text', 7]) assertRefused(await askWith(context), 'context');
  for (const value of ['x'.repeat(1_025), 'a\u0000', '\udfff', 7, null, {}, ['x']])
    assertRefused(await askWith({ key: value }), 'context.key');
  for (const key of ['', 'x'.repeat(65), 'a\u0000', '\ud800'])
    assertProblem(await askWith({ [key]: 'v' }), 400, 'invalid_request');
});

test('the context is in the audit log as it came', async () => {
  const context = Object.fromEntries([
    ['contact_id', '42'],
    ['odd "key"\\ 😀', 'odd \u0001 \u2028 value, {1}'],
    ['__proto__', 'own'],
  ]);
  const answer = await askWith(context);
  const [row] = await database.sql('SELECT context::text AS context FROM audit_log WHERE request_id = $1', [
    answer.headers['x-request-id'],
  ]);
  assert.equal(Object.entries(JSON.parse(String(row?.context))).sort(), Object.entries(context).sort());
});

test('the envelope is closed, and each part of it has its type', async () => {
  const whole = { action: 'process_customer_batch', input: { tenant_id: 'acme', customer_ids: ids(1) } };
  const { action: _, ...rest } = whole;
  assertRefused(await handler.post('acme', JSON.stringify(rest)), 'action');
  assertRefused(await handler.post('acme', JSON.stringify({ ...whole, action: 7 })), 'action');
  assertRefused(await handler.post('acme', JSON.stringify({ ...whole, extra: 1 })), 'extra');
  assertRefused(await handler.post('acme', `{"__proto__":{},${JSON.stringify(whole).slice(1)}`), '__proto__');
});

test.after(() => handler.stop());
test.run();
