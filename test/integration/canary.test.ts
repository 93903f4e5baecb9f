/**
 * Canaries in secrets, bodies, rows, statements and table names come out nowhere they have no business: rows only in 200s,
 * context only in the audit log, everything else nowhere. At log level debug, through every kind of answer and fault.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createCanaries, everythingOf } from '../services/canary.ts';
import { customerId } from '../services/database.ts';
import { type Answer, startHandler } from '../services/handler.ts';
import { startProxiedPostgres } from '../services/proxied.ts';
import { until } from '../services/until.ts';

const canaries = createCanaries();
/** Field names of a body may stand in `errors[].path` of its own answer, and nowhere else. */
const keys = createCanaries();
const secret = canaries.plant('secret');
const table = canaries.plant('table');
const row = canaries.plant('row');
const literal = canaries.plant('literal');
const value = canaries.plant('value');
const context = canaries.plant('context');
const header = canaries.plant('header');
const key = keys.plant('key');

const { proxy, server, database } = await startProxiedPostgres();
await database.sql(`CREATE TABLE ${table} (tenant_id text, id text, n text)`);
await database.sql(`INSERT INTO ${table} VALUES ('acme', 'a', '1'), ('acme', 'b', '${row}')`);
await database.sql(`GRANT SELECT ON ${table} TO dataactions_service`);
await database.sql(`CREATE FUNCTION raise_row(t text, n text) RETURNS text LANGUAGE plpgsql AS $$
  BEGIN RAISE EXCEPTION 'found %', n USING DETAIL = n, HINT = t, SCHEMA = t, TABLE = '${table}', COLUMN = n; END $$`);

const lookup = (name: string, expression: string, condition = 'id = ANY($2)') => ({
  name,
  input: [{ name: 'ids', type: 'String', list: true }],
  lookup: {
    statement: `SELECT id, ${expression} AS n FROM ${table} WHERE tenant_id = $1 AND ${condition} AND '${literal}' <> ''`,
    parameters: ['tenant_id', 'ids'],
    keys: 'ids',
    keyColumn: 'id',
    output: 'found',
  },
});
const actions = [
  lookup('find', 'n'),
  lookup('cast_row', 'n::int'),
  lookup('cast_input', 'n', 'n::text = ANY(ARRAY[($2)[1]::int::text])'),
  lookup('raise', 'raise_row(tenant_id, n)'),
  lookup('divide', '1 / (length(n) - length(n))'),
  lookup('sleep', 'pg_sleep(30)::text'),
];
const acme = { tenantId: 'acme', secrets: [secret], spec: { actions } };
const handler = await startHandler({ DATABASE_URL: database.url, LOG_LEVEL: 'debug', STATEMENT_TIMEOUT_MS: '300' }, [
  acme,
]);
await handler.ready();

const headers = {
  'X-Custom': header,
  Cookie: header,
  Authorization: `Bearer ${header}`,
  'User-Agent': header,
  Referer: header,
};
const ask = (action: string, ids: readonly unknown[], extra: object = {}): Promise<Answer> =>
  handler.ask('acme', { ids, ...extra }, { action, secret, context: { contact_id: context, [key]: context }, headers });
const post = (body: string, sign = secret): Promise<Answer> => handler.post('acme', body, { secret: sign, headers });

const isSilent = async (answer: Answer, status: number, code: string): Promise<void> => {
  assert.is(`${answer.status} ${answer.json.code}`, `${status} ${code}`);
  canaries.assertAbsent(everythingOf(answer), `the answer ${code}`);
  canaries.assertAbsent(handler.output(), 'the log');
  keys.assertAbsent(handler.output(), 'the log');
};

test('rows are in a 200 and nowhere else', async () => {
  const answer = await ask('find', ['a', 'b']);
  assert.is(answer.status, 200);
  assert.match(answer.text, row);
  assert.not.match(JSON.stringify(answer.headers), row);
  assert.not.match(answer.text, context);
  const [audited] = await database.sql('SELECT context FROM audit_log');
  assert.match(JSON.stringify(audited?.context), context);
  await canaries.assertSilent(handler);
});

const signed = (body: object): string => JSON.stringify({ action: 'find', ...body });
const input = { tenant_id: 'acme', ids: ['a'] };
const refused: readonly (readonly [string, string, number, string])[] = [
  ['a value of the wrong type', signed({ input: { ...input, ids: [{ [key]: value }] } }), 400, 'invalid_request'],
  ['a list where text belongs', signed({ input: { ...input, ids: [[value]] } }), 400, 'invalid_request'],
  ['an unknown field', signed({ input: { ...input, [key]: value } }), 400, 'invalid_request'],
  ['an unknown field of the body', signed({ input, [key]: value }), 400, 'invalid_request'],
  ['a context of the wrong type', signed({ input, context: { [key]: [value] } }), 400, 'invalid_request'],
  ['a context too long', signed({ input, context: { [key]: value.repeat(200) } }), 400, 'invalid_request'],
  ['an unknown action', signed({ action: value, input }), 400, 'invalid_request'],
  ['no JSON', `{"input":{"tenant_id":"acme"},"x": ${value}`, 400, 'invalid_json'],
  ['another tenant', signed({ input: { ...input, tenant_id: value } }), 401, 'unauthenticated'],
  ['too much', signed({ input: { ...input, ids: [value.repeat(4_000)] } }), 413, 'body_too_large'],
];
for (const [what, body, status, code] of refused) {
  test(`${what} is refused without a word of it`, async () => isSilent(await post(body), status, code));
}

test('a wrong signature, path, method and content type are refused without a word of them', async () => {
  await isSilent(await post(signed({ input, [key]: value }), value), 401, 'unauthenticated');
  const typed = await handler.post('acme', signed({ input }), { secret, headers: { 'Content-Type': `text/${value}` } });
  await isSilent(typed, 415, 'unsupported_media_type');
  for (const [method, path, status] of [
    ['GET', `/${value}?${key}=${value}`, 404],
    ['DELETE', '/data-action', 405],
  ] as const) {
    const answer = await fetch(handler.url + path, { method, headers });
    assert.is(answer.status, status);
    canaries.assertAbsent(JSON.stringify([...answer.headers]) + (await answer.text()), 'the answer');
    canaries.assertAbsent(handler.output(), 'the log');
    keys.assertAbsent(handler.output(), 'the log');
  }
});

for (const action of ['cast_row', 'raise', 'divide']) {
  test(`what PostgreSQL says of a row (${action}) stays here`, async () =>
    isSilent(await ask(action, ['b', value]), 500, 'statement_failed'));
}

test('what PostgreSQL says of an input stays here', async () =>
  isSilent(await ask('cast_input', [value]), 500, 'statement_failed'));

test('a statement that takes too long, and one whose table has gone', async () => {
  await isSilent(await ask('sleep', ['b', value]), 504, 'deadline_exceeded');
  await database.sql(`ALTER TABLE ${table} RENAME TO gone`);
  await isSilent(await ask('find', [value]), 500, 'statement_failed');
  await database.sql(`REVOKE SELECT ON gone FROM dataactions_service`);
  await database.sql(`ALTER TABLE gone RENAME TO ${table}`);
  await isSilent(await ask('find', ['b', value, customerId(1)]), 500, 'statement_failed');
  await database.sql(`GRANT SELECT ON ${table} TO dataactions_service`);
});

test('refused configurations name fields and nothing that stands in them', async () => {
  const column = canaries.plant('column');
  const newer = canaries.plant('newer_secret');
  const bad = [lookup('find', column), lookup('other', `'${column}'::int`), lookup('syntax', `${column} FROM (`)];
  for (const action of bad) {
    const reports = await handler.configure([{ ...acme, secrets: [newer, secret], spec: { actions: [action] } }]);
    assert.is(reports[0]?.reason, 'StatementRejected');
    canaries.assertAbsent(JSON.stringify(reports), 'the report');
  }
  await canaries.assertSilent(handler);
  await handler.configure([acme]);
});

test('the database resets, disappears, and comes back', async () => {
  await proxy.mode('reset');
  await isSilent(await ask('find', [`1${value}`]), 503, 'database_unavailable');
  await proxy.mode('forward');
  await server.kill();
  await isSilent(await ask('find', [`2${value}`]), 503, 'database_unavailable');
  await server.start();
  await until('an answer', async () => assert.is((await ask('find', ['b', value])).status, 200));
});

test('nothing of it all is in the log, the metrics or the admin pages, to the end', async () => {
  await canaries.assertSilent(handler);
  await keys.assertSilent(handler);
  await handler.stop();
  canaries.assertAbsent(handler.output(), 'the log');
  keys.assertAbsent(handler.output(), 'the log');
  assert.match(handler.output(), 'stopped');
});

test.after(async () => {
  await handler.stop();
  await proxy.close();
});
test.run();
