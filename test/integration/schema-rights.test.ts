/**
 * deploy/sql: running it again changes nothing, and the service's role can do what it should and nothing else.
 *
 * also over docker
 */
import { Client } from 'pg';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { setUpDatabase } from '../../cmd/dev/database-setup.ts';
import { thrownCode } from '../../pkg/errors/thrown-code.ts';
import { prepareDatabase } from '../services/database.ts';
import { startPostgres } from '../services/postgres.ts';

const postgres = await startPostgres();
const { url, sql } = await prepareDatabase(postgres);
const service = new Client({ connectionString: url });
await service.connect();

const columns = '(tenant_id, customer_ids, action, request_id, source, outcome, context)';
const values = `('acme', '{a}', 'get', 'r1', 'memory', 'answered', '{}')`;
const attempt = (text: string): Promise<string> =>
  service.query(text).then(
    () => 'done',
    (error: unknown) => thrownCode(error) ?? 'unknown',
  );

test('is safe to run again, on a database with rows', async () => {
  assert.is(await attempt(`INSERT INTO audit_log ${columns} VALUES ${values}`), 'done');
  const catalogue = `SELECT relname, relacl::text FROM pg_class WHERE relname IN ('audit_log', 'customers') ORDER BY 1`;
  const before = await sql(catalogue);
  await setUpDatabase(postgres.url, () => {});
  assert.equal(await sql(catalogue), before);
  assert.equal(await sql('SELECT count(*)::int AS n FROM audit_log'), [{ n: 1 }]);
  assert.equal(await sql('SELECT count(*)::int AS n FROM customers'), [{ n: 3_000 }]);
});

const allowed = [
  `INSERT INTO audit_log ${columns} VALUES ${values}, ${values}`,
  'SELECT tenant_id, id, name, status, updated_at FROM customers',
  'LISTEN dataactions_invalidate',
  `UPDATE customers SET status = 'active', updated_at = now() WHERE tenant_id = 'acme'`,
  `INSERT INTO idempotency_keys (tenant_id, action, key, body_hash) VALUES ('acme', 'a', 'k', 'h')`,
  `UPDATE idempotency_keys SET answer = '{}' WHERE key = 'k'`,
  'SELECT answer FROM idempotency_keys',
  'DELETE FROM idempotency_keys',
];
const forbidden = [
  'SELECT * FROM audit_log',
  'SELECT id FROM audit_log',
  `INSERT INTO audit_log ${columns} VALUES ${values} RETURNING id`,
  `INSERT INTO audit_log (tenant_id, customer_ids, action, request_id, source, outcome, created_at) VALUES ('acme', '{}', 'get', 'r', 's', 'o', now())`,
  `UPDATE audit_log SET outcome = 'x'`,
  'DELETE FROM audit_log',
  'TRUNCATE audit_log',
  'DROP TABLE audit_log',
  `INSERT INTO customers VALUES ('acme', gen_random_uuid(), 'x', 'active')`,
  `UPDATE customers SET name = 'x'`,
  'DELETE FROM customers',
  'TRUNCATE customers',
  'TRUNCATE idempotency_keys',
  'DROP TABLE idempotency_keys',
  `UPDATE customers SET tenant_id = 'globex'`,
  'CREATE ROLE another',
  'CREATE TABLE public.mine (a int)',
];

for (const text of allowed) test(`the service may ${text}`, async () => assert.is(await attempt(text), 'done'));
for (const text of forbidden) test(`the service may not ${text}`, async () => assert.is(await attempt(text), '42501'));

test('an id that the service would choose is refused', async () => {
  assert.match(await attempt(`INSERT INTO audit_log (id, tenant_id) VALUES (1, 'acme')`), /^(?:42501|428C9)$/);
});

test.after(() => service.end());
test.run();
