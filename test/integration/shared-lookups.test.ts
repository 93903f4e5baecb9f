/**
 * Requests that share a statement: each gets its own rows, its own error, its own audit row, under its own tenant.
 *
 * also over docker
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { systemClock } from '../../pkg/process/clock.ts';
import { prepareDatabase } from '../services/database.ts';
import { openDatabase } from '../services/open-database.ts';
import { openLookups } from '../services/open-lookups.ts';
import { startPostgres } from '../services/postgres.ts';
import { createStatementGate } from '../services/statement-gate.ts';

const postgres = await startPostgres();
const { url, sql } = await prepareDatabase(postgres);
const gate = await createStatementGate(postgres.url);
await sql(`
  CREATE TABLE numbers (tenant_id text, id int8, label text);
  INSERT INTO numbers SELECT t, n, t || ' ' || n FROM unnest(ARRAY['acme', 'other']) AS t, generate_series(1, 400) AS n;
  CREATE TABLE reads (keys int8[]);
  CREATE FUNCTION note_read(keys int8[]) RETURNS int8[] LANGUAGE plpgsql VOLATILE SECURITY DEFINER AS $$
    BEGIN INSERT INTO reads VALUES (keys); PERFORM wait_gate(); RETURN keys; END $$;
  GRANT SELECT ON numbers TO dataactions_service`);
const database = openDatabase({ url });
await database.answers();
const lookups = openLookups(database);

const integers = [{ name: 'ids', type: 'Integer', list: true }];
const noted = `SELECT n.id, n.label FROM (SELECT note_read($2) AS ids OFFSET 0) AS k, numbers AS n
  WHERE n.tenant_id = $1 AND n.id = ANY(k.ids)`;
const auditOf = (prefix: string) =>
  sql('SELECT tenant_id, customer_ids, source FROM audit_log WHERE request_id LIKE $1 ORDER BY request_id', [
    `${prefix}%`,
  ]);
const two = (n: number) => String(n).padStart(2, '0');

test('what comes in one turn shares a statement: own rows, own audit rows, each key read once', async () => {
  const ask = lookups({ tenantId: 'acme', statement: noted, input: integers });
  await gate.hold();
  const first = ask({ ids: [1] }, 'share-00');
  await gate.waiting(1);
  const wanted = Array.from({ length: 60 }, (_, n) => [n + 1, 1_000 + n, n + 2]);
  const asked = wanted.map((ids, n) => ask({ ids }, `share-${two(n + 1)}`));
  // Beside the first, not after it.
  await gate.waiting(2);
  await gate.release();
  assert.equal((await first).rows, [{ id: 1, label: 'acme 1' }]);
  for (const [n, { rows, missing }] of (await Promise.all(asked)).entries()) {
    assert.equal(
      rows,
      [n + 1, n + 2].map((id) => ({ id, label: `acme ${id}` })),
    );
    assert.equal(missing, [1_000 + n]);
  }
  assert.equal(
    (await auditOf('share-')).map((row) => row.customer_ids),
    [[1], ...wanted].map((ids) => ids.map(String)),
  );
  const reads = await sql(
    'SELECT cardinality(keys) AS n, (SELECT count(DISTINCT k)::int FROM unnest(keys) AS k) AS distinct FROM reads',
  );
  assert.equal(reads, [
    { n: 1, distinct: 1 },
    { n: 121, distinct: 121 },
  ]);
});

for (const { what, statement, type, poison, good } of [
  {
    what: 'divides by zero',
    statement: 'SELECT id, 100 / (id - 13) AS share FROM numbers WHERE tenant_id = $1 AND id = ANY($2)',
    type: 'Integer',
    poison: 13,
    good: [1, 2, 3],
  },
  {
    what: 'cannot be cast',
    statement: `SELECT t AS id, t::int AS number FROM unnest($2) AS t WHERE $1 <> ''`,
    type: 'String',
    poison: 'x',
    good: ['1', '2', '3'],
  },
]) {
  test(`a key that ${what} fails its own requests alone; the others of the batch are answered`, async () => {
    const ask = lookups({ tenantId: 'acme', statement, input: [{ name: 'ids', type, list: true }] });
    const wanted = Array.from({ length: 50 }, (_, n) => (n % 20 === 7 ? [good[0], poison] : good));
    const outcomes = await Promise.all(wanted.map((ids, n) => ask({ ids }, `${what} ${two(n)}`)));
    for (const [n, { code, rows }] of outcomes.entries()) {
      assert.equal([code, rows.length], n % 20 === 7 ? ['statement_failed', 0] : ['answered', 3]);
    }
    assert.is((await auditOf(what)).length, 47, 'one audit row for each answer, none for an error');
  });
}

const grant =
  'GRANT INSERT (tenant_id, customer_ids, action, request_id, source, outcome, context) ON audit_log TO dataactions_service';
const faults = [
  ['its right is gone', 'REVOKE INSERT ON audit_log FROM dataactions_service', grant],
  [
    'it takes no such row, as where a partition is missing',
    "ALTER TABLE audit_log ADD CONSTRAINT no_more CHECK (action <> 'get') NOT VALID",
    'ALTER TABLE audit_log DROP CONSTRAINT no_more',
  ],
  [
    'a trigger of its own raises an exception, as a lookup does for a value',
    'CREATE TRIGGER raise BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION raise()',
    'DROP TRIGGER raise ON audit_log',
  ],
] as const;
await sql(`CREATE FUNCTION raise() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$`);
const plain = 'SELECT id FROM numbers WHERE tenant_id = $1 AND id = ANY($2)';
for (const [what, harm, mend] of faults) {
  test(`while the audit log refuses, nobody is answered, nor is the lookup blamed for it: ${what}`, async () => {
    let statements = 0;
    const onBatch = () => void statements++;
    const ask = openLookups(database, systemClock, onBatch)({ tenantId: 'acme', statement: plain, input: integers });
    await sql(harm);
    const outcomes = await Promise.all(Array.from({ length: 50 }, (_, id) => ask({ ids: [id] })));
    await sql(mend);
    assert.equal(new Set(outcomes.map(({ code }) => code)), new Set(['database_unavailable']));
    assert.is(statements, 2, 'with audit rows and without');
    assert.is((await ask({ ids: [1] })).code, 'answered');
  });
}

test('a table that is gone is told in two statements, however many ask', async () => {
  let statements = 0;
  const onBatch = () => void statements++;
  const statement = plain.replace('numbers', 'gone');
  const ask = openLookups(database, systemClock, onBatch)({ tenantId: 'acme', statement, input: integers });
  const outcomes = await Promise.all(Array.from({ length: 50 }, (_, id) => ask({ ids: [id] })));
  assert.equal(new Set(outcomes.map(({ code }) => code)), new Set(['statement_failed']));
  assert.is(statements, 2);
});

test('a session that a statement has changed fails nobody: what is not there is asked for once more', async () => {
  const one = openDatabase({ url, poolMax: 1 });
  await one.answers();
  const ask = openLookups(one)({ tenantId: 'acme', statement: plain, input: integers });
  await one.run(`SELECT set_config('search_path', 'elsewhere', false), $1::text`);
  const outcomes = await Promise.all(
    Array.from({ length: 50 }, (_, id) => ask({ ids: [id + 1] }, `changed-${two(id)}`)),
  );
  assert.equal(new Set(outcomes.map(({ code }) => code)), new Set(['answered']));
  assert.is((await auditOf('changed-')).length, 50);
  await one.stop();
});

test('many lookups at once read without writing, and their audit rows share commits', async () => {
  const wide = openDatabase({ url, poolMax: 8 });
  await wide.answers();
  // However long this test takes, those that were read before are at work.
  const lookupsBeside = openLookups(wide, { ...systemClock, now: () => 0 });
  const tenants = Array.from({ length: wide.poolMax }, (_, n) => `tenant-${two(n)}`);
  const statement = 'SELECT id, label, wait_gate() FROM numbers WHERE id = ANY($2) AND tenant_id <> $1';
  const askEach = (prefix: string) =>
    tenants.map((tenantId) =>
      lookupsBeside({ tenantId, statement, input: integers })({ ids: [1] }, `${prefix}-${tenantId}`),
    );
  await Promise.all(askEach('before'));
  await gate.hold();
  const asked = askEach('many');
  await gate.waiting(tenants.length);
  const [running] = await sql(
    `SELECT count(*)::int AS all, count(*) FILTER (WHERE query LIKE '%INSERT%')::int AS writing FROM pg_stat_activity
     WHERE state = 'active' AND query LIKE '%wait_gate%' AND pid <> pg_backend_pid()`,
  );
  assert.equal(running, { all: tenants.length, writing: 0 });
  assert.equal(await auditOf('many-'), []);
  await gate.release();
  for (const { rows } of await Promise.all(asked)) assert.is(rows.length, 1);
  assert.equal(
    (await auditOf('many-')).map((row) => row.tenant_id),
    tenants,
  );
  await wide.stop();
});

test('each tenant reads under its own id alone', async () => {
  const statement = 'SELECT id, label, $1 AS tenant FROM numbers WHERE tenant_id = $1 AND id = ANY($2)';
  const askOf = new Map(
    ['acme', 'other'].map((tenantId) => [tenantId, lookups({ tenantId, statement, input: integers, ttlSeconds: 60 })]),
  );
  for (const round of ['database', 'memory']) {
    await Promise.all(
      Array.from({ length: 60 }, async (_, n) => {
        const tenantId = n % 2 ? 'acme' : 'other';
        const outcome = await askOf.get(tenantId)?.({ ids: [n + 1] }, `${round} ${tenantId}`);
        assert.equal(outcome?.rows, [{ id: n + 1, label: `${tenantId} ${n + 1}`, tenant: tenantId }]);
      }),
    );
    for (const tenantId of ['acme', 'other']) {
      const audited = await auditOf(`${round} ${tenantId}`);
      assert.is(audited.length, 30);
      for (const row of audited) assert.equal([row.tenant_id, row.source], [tenantId, round]);
    }
  }
});

test.after(async () => {
  await Promise.allSettled([database.stop(), gate.close()]);
});
test.run();
