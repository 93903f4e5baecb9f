/**
 * What PostgreSQL says of declared lookups before any caller meets them. Nothing declared is ever executed by asking.
 *
 * also over docker
 */
import { Client } from 'pg';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkStatement } from '../../pkg/postgres/check-statement.ts';
import { compileLookup } from '../../pkg/postgres/lookup-statement.ts';
import { compileTransactionStatement } from '../../pkg/postgres/transaction-statement.ts';
import { systemClock } from '../../pkg/process/clock.ts';
import { databaseLimits } from '../../pkg/process/limits.ts';
import { prepareDatabase } from '../services/database.ts';
import { minute, openDatabase } from '../services/open-database.ts';
import { startPostgres } from '../services/postgres.ts';

const postgres = await startPostgres();
const { url, sql } = await prepareDatabase(postgres);
// More rights than the service has, so that nothing below is refused for want of one.
await sql(
  'GRANT ALL ON customers, audit_log TO dataactions_service; GRANT CREATE ON SCHEMA public TO dataactions_service',
);
await sql('CREATE TABLE hidden (tenant_id text, id uuid); CREATE SEQUENCE counted');
await sql('GRANT USAGE ON SEQUENCE counted TO dataactions_service');
const database = openDatabase({ url });
await database.answers();

const check = (text: string, keyColumn = 'id') =>
  checkStatement(database, compileLookup({ text, types: ['text', 'uuid[]'], keyColumn }), minute());
const where = 'tenant_id = $1 AND id = ANY($2)';
const plain = `SELECT id, name FROM customers WHERE ${where}`;

const accepted: readonly (readonly [what: string, text: string])[] = [
  ['a plain SELECT', plain],
  ['a trailing semicolon', `${plain} ;\n`],
  ['a trailing line comment', `${plain} -- done`],
  ['a trailing block comment', `${plain} /* $3 */`],
  ['a WITH query', `WITH mine AS (SELECT * FROM customers WHERE ${where}) SELECT id FROM mine`],
  [
    'a column named like the audit part',
    `WITH audit AS (${plain}) SELECT a.id, 'x' AS key, 'y' AS row FROM audit AS a`,
  ],
  ['a statement in parentheses', `(${plain})`],
  ['ORDER BY and LIMIT', `${plain} ORDER BY name LIMIT 10`],
  ['a volatile function, unexecuted', `SELECT id, nextval('counted') FROM customers WHERE ${where}`],
];

const rejected: readonly (readonly [what: string, text: string, sqlState: string])[] = [
  ['a syntax error', `SELEC id FROM customers WHERE ${where}`, '42601'],
  ['an unknown table', `SELECT id FROM nowhere WHERE ${where}`, '42P01'],
  ['an unknown column', `SELECT id, secret FROM customers WHERE ${where}`, '42703'],
  ['an unknown function', `SELECT id, frobnicate(id) FROM customers WHERE ${where}`, '42883'],
  ['a type that does not fit', 'SELECT id FROM customers WHERE tenant_id = $1 AND name = ANY($2)', '42883'],
  ['a placeholder without a parameter', `${plain} AND name = $10`, '42P18'],
  ['a table without the right to it', `SELECT id FROM hidden WHERE ${where}`, '42501'],
  ['a missing keyColumn', `SELECT name FROM customers WHERE ${where}`, '42703'],
  ['a keyColumn that is there twice', `SELECT id, id FROM customers WHERE ${where}`, '42702'],
  ['two commands', `${plain}; ${plain}`, '42601'],
  ['two commands, the first of them whole', `${plain}; DROP TABLE customers`, '42601'],
  ['an escape from the parentheses', `${plain}) AS r; DROP TABLE customers; SELECT * FROM (SELECT 1`, '42601'],
  ['an escape that is one command', `SELECT 1 AS id) AS r UNION ALL SELECT id::text, name FROM (${plain}`, '42601'],
  ['an escape through a comment', `SELECT 1 AS id) AS r /*`, '42601'],
  ['UPDATE', `UPDATE customers SET name = 'x' WHERE ${where} RETURNING id`, '42601'],
  [
    'DELETE in a WITH query',
    `WITH gone AS (DELETE FROM customers WHERE ${where} RETURNING id) SELECT id FROM gone`,
    '0A000',
  ],
  ['SELECT INTO', `SELECT id INTO stolen FROM customers WHERE ${where}`, '42601'],
  ['EXPLAIN options: ANALYZE', `ANALYZE DELETE FROM customers WHERE $1::text IS NULL OR id = ANY($2)`, '42601'],
  ['EXPLAIN options in parentheses', `(ANALYZE) DELETE FROM customers WHERE $1::text IS NULL OR id = ANY($2)`, '42601'],
  ['another command', `DROP TABLE customers`, '42601'],
  ['a prepared statement', `EXECUTE another($1, $2)`, '42601'],
  ['a cursor', `DECLARE c CURSOR WITH HOLD FOR ${plain}`, '42601'],
  [
    'a parameter that stands in a comment',
    `SELECT id FROM customers WHERE tenant_id = $1 -- AND id = ANY($2)`,
    '42P18',
  ],
  ['a parameter that stands in a text', `SELECT id FROM customers WHERE tenant_id = $1 AND name <> '$2'`, '42P18'],
  ['nothing at all', ` ; `, '42601'],
];

for (const [what, text] of accepted) {
  test(`accepts ${what}`, async () => assert.equal(await check(text), { verdict: 'accepted' }));
}
for (const [what, text, sqlState] of rejected) {
  test(`rejects ${what}`, async () => {
    const found = await check(text);
    assert.is(found.verdict, 'rejected');
    // Which of several right codes it is may differ between major versions of the server.
    assert.match(found.verdict === 'rejected' ? (found.sqlState ?? '') : '', new RegExp(`^(?:${sqlState}|42...)$`));
  });
}

const checkTransaction = (text: string, answersRows: boolean) =>
  checkStatement(
    database,
    compileTransactionStatement(text, { types: ['text', 'uuid[]'], answersRows, expectRows: 'PerKey' }),
    minute(),
  );
const update = `UPDATE customers SET name = 'changed' WHERE ${where}`;
const gone = `WITH gone AS (DELETE FROM customers WHERE ${where} RETURNING id)`;

const acceptedInTransactions: readonly (readonly [what: string, text: string, answersRows: boolean])[] = [
  ['UPDATE', update, false],
  ['UPDATE with RETURNING', `${update} RETURNING id, name;`, true],
  ['UPDATE with a trailing comment', `${update} RETURNING id -- done`, true],
  ['DELETE', `DELETE FROM customers WHERE ${where}`, false],
  ['INSERT', `INSERT INTO customers SELECT $1, id, 'changed', 'active' FROM unnest($2) AS id RETURNING id`, true],
  [
    'MERGE',
    `MERGE INTO customers AS c USING unnest($2) AS k(id) ON c.tenant_id = $1 AND c.id = k.id WHEN MATCHED THEN DELETE`,
    false,
  ],
  ['a lock', `SELECT id FROM customers WHERE ${where} FOR UPDATE`, true],
  [
    'a data-changing WITH query whose rows are not answered',
    `${gone} INSERT INTO customers SELECT $1, id, 'x', 'active' FROM gone`,
    false,
  ],
  [
    'a WITH query before an UPDATE',
    `WITH k AS (SELECT unnest($2) AS id) UPDATE customers AS c SET name = 'changed' FROM k WHERE c.tenant_id = $1 AND c.id = k.id RETURNING c.id`,
    true,
  ],
  ['a data-changing WITH query before a query', `${gone} SELECT id FROM gone`, false],
  ['a query in parentheses', `(${plain})`, false],
];

const rejectedInTransactions: readonly (readonly [
  what: string,
  text: string,
  answersRows: boolean,
  sqlState: string,
])[] = [
  ['an output without RETURNING', update, true, '0A000'],
  ['an output of a data-changing WITH query', `${gone} SELECT id FROM gone`, true, '0A000'],
  ['a table without the right to it', `DELETE FROM hidden WHERE ${where}`, false, '42501'],
  ['two commands', `${update}; ${update}`, false, '42601'],
  ['COMMIT', `COMMIT`, false, '42601'],
  ['SET', `SET search_path = $1`, false, '42601'],
  ['CALL', `CALL something($1, $2)`, false, '42601'],
  ['EXPLAIN options', `ANALYZE ${update}`, false, '42601'],
  ['a temporary table', `CREATE TEMP TABLE customers AS ${plain}`, false, '42601'],
  ['a temporary table behind a comment', `/* $1 */ CREATE TEMP TABLE customers AS ${plain}`, false, '42601'],
  ['a temporary table from a WITH query', `WITH k AS (${plain}) SELECT * INTO TEMP customers FROM k`, false, '42601'],
  ['a table', `CREATE TABLE copied AS ${plain}`, false, '42601'],
  ['a cursor', `DECLARE c CURSOR WITH HOLD FOR ${plain}`, false, '42601'],
  ['a prepared statement', `EXECUTE another($1, $2)`, false, '42601'],
  ['a parameter that stands in a comment', `DELETE FROM customers WHERE tenant_id = $1 -- $2`, false, '42P18'],
  [
    'an escape from the parentheses',
    `${update} RETURNING id), x AS (DELETE FROM customers RETURNING id`,
    true,
    '42601',
  ],
];

for (const [what, text, answersRows] of acceptedInTransactions) {
  test(`accepts in a transaction ${what}`, async () =>
    assert.equal(await checkTransaction(text, answersRows), { verdict: 'accepted' }));
}
for (const [what, text, answersRows, sqlState] of rejectedInTransactions) {
  test(`rejects in a transaction ${what}`, async () => {
    const found = await checkTransaction(text, answersRows);
    assert.match(
      found.verdict === 'rejected' ? (found.sqlState ?? '') : found.verdict,
      new RegExp(`^(?:${sqlState}|42...)$`),
    );
  });
}

test('nothing of all that was executed', async () => {
  assert.equal(await sql('SELECT count(*)::int AS n FROM customers'), [{ n: 3_000 }]);
  assert.equal(await sql("SELECT count(*)::int AS n FROM customers WHERE name IN ('changed', 'x')"), [{ n: 0 }]);
  assert.equal(await sql('SELECT is_called FROM counted'), [{ is_called: false }]);
  assert.equal(await sql('SELECT count(*)::int AS n FROM audit_log'), [{ n: 0 }]);
});

test('a lock is not waited for: nothing is known of who needs it, and the connection stays', async () => {
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  const backend = async () => (await database.run('SELECT pg_backend_pid() AS pid, $1::text'))[0]?.pid;
  const before = await backend();
  await client.query('BEGIN; LOCK TABLE customers IN ACCESS EXCLUSIVE MODE');
  const since = systemClock.now();
  for (let n = 0; n < 10; n += 1) assert.is((await check(plain)).verdict, 'unknown');
  const ms = systemClock.now() - since;
  assert.ok(ms < databaseLimits.lockTimeoutMs, `${ms} ms`);
  await client.end();
  assert.is((await check(plain)).verdict, 'accepted');
  assert.is(await backend(), before);
  assert.equal(await database.run("SELECT current_setting('lock_timeout') AS ms, $1::text AS x"), [
    { ms: '2s', x: '' },
  ]);
});

test('a database that cannot keep audit rows is to blame, not the declaration', async () => {
  await sql('REVOKE ALL ON audit_log FROM dataactions_service');
  assert.is((await check(plain)).verdict, 'unknown');
  await sql('ALTER TABLE audit_log RENAME TO elsewhere');
  assert.is((await check(plain)).verdict, 'unknown');
  assert.is((await check('SELECT id FROM nowhere WHERE $1 = ANY($2::text[])')).verdict, 'rejected');
});

test('a database that is away says nothing of the declaration', async () => {
  await postgres.stop();
  assert.is((await check(plain)).verdict, 'unknown');
});

test.after(() => database.stop());
test.run();
