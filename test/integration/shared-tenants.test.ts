/**
 * Beside many other lookups, tenants with the same declared statement share one: each gets its own rows, its own errors and its own audit rows,
 * and none waits for another's slow rows.
 *
 * also over docker
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { arrayLiteral } from '../../pkg/postgres/array-literal.ts';
import { compileLookup, type KeyedRow, runLookup, runLookupsTogether } from '../../pkg/postgres/lookup-statement.ts';
import { databaseLimits } from '../../pkg/process/limits.ts';
import { createManualClock } from '../../pkg/process/manual-clock.ts';
import { prepareDatabase } from '../services/database.ts';
import { minute, openDatabase } from '../services/open-database.ts';
import { openLookups } from '../services/open-lookups.ts';
import { startPostgres } from '../services/postgres.ts';
import { createStatementGate } from '../services/statement-gate.ts';

const tenants = Array.from({ length: 16 }, (_, n) => `tenant-${String(n).padStart(2, '0')}`);

const postgres = await startPostgres();
const { url, sql } = await prepareDatabase(postgres);
const gate = await createStatementGate(postgres.url);
await sql(`
  CREATE TABLE numbers (tenant_id text, id int8, label text, slow boolean, PRIMARY KEY (tenant_id, id));
  INSERT INTO numbers
  SELECT 'tenant-' || lpad(t::text, 2, '0'), n, t || ' ' || n, t = 3 AND n = 13
  FROM generate_series(0, ${tenants.length - 1}) AS t, generate_series(1, 50) AS n;
  CREATE TABLE statements (backend int, at timestamptz);
  CREATE FUNCTION note_statement() RETURNS boolean LANGUAGE plpgsql VOLATILE SECURITY DEFINER AS $$
    BEGIN INSERT INTO statements VALUES (pg_backend_pid(), statement_timestamp()); RETURN true; END $$;
  GRANT SELECT ON numbers TO dataactions_service`);
const database = openDatabase({ url, poolMax: 20 });
await database.answers();
const clock = createManualClock();
const lookups = openLookups(database, clock);

const integers: readonly object[] = [{ name: 'ids', type: 'Integer', list: true }];
const plain = 'SELECT id, label, $1 AS tenant FROM numbers WHERE tenant_id = $1 AND id = ANY($2)';

/** @returns asks all tenants in one turn of the event loop; they were so before, as nothing is known of a statement that has never been run */
const openAll = async (statement: string) => {
  const asks = tenants.map((tenantId) => lookups({ tenantId, statement, input: integers }));
  await Promise.all(asks.map((ask) => ask({ ids: [1] }, 'before')));
  return async (prefix: string, idsOf: (n: number) => readonly number[]) => {
    await sql('DELETE FROM statements');
    return asks.map((ask, n) => ask({ ids: idsOf(n) }, `${prefix} ${tenants[n]}`));
  };
};
const rowOf = (n: number, id: number) => ({ id, label: `${n} ${id}`, tenant: tenants[n] });
const statementsRun = async (): Promise<unknown> => {
  const [run] = await sql('SELECT count(DISTINCT (backend, at))::int AS n FROM statements');
  return run?.n;
};
const auditOf = (prefix: string) =>
  sql('SELECT tenant_id, customer_ids, source FROM audit_log WHERE request_id LIKE $1 ORDER BY tenant_id', [
    `${prefix} %`,
  ]);

test('each tenant gets its own rows and its own audit row, from one statement for all of them', async () => {
  const askAll = await openAll(`${plain} AND (SELECT note_statement())`);
  const asked = await askAll('own', (n) => [n + 1, 49, 1_000]);
  for (const [n, { rows, missing }] of (await Promise.all(asked)).entries()) {
    assert.equal(rows, [rowOf(n, n + 1), rowOf(n, 49)]);
    assert.equal(missing, [1_000]);
  }
  assert.is(await statementsRun(), 1);
  assert.equal(
    await auditOf('own'),
    tenants.map((tenant_id, n) => ({ tenant_id, customer_ids: [`${n + 1}`, '49', '1000'], source: 'database' })),
  );
});

test('a tenant whose rows make a statement fail fails alone', async () => {
  const statement = 'SELECT id, 100 / (id - 13) AS share FROM numbers WHERE tenant_id = $1 AND id = ANY($2)';
  const askAll = await openAll(statement);
  const outcomes = await Promise.all(await askAll('fails', (n) => [n === 5 ? 13 : 14]));
  for (const [n, { code, rows }] of outcomes.entries()) {
    if (n === 5) assert.is(code, 'statement_failed');
    else assert.equal(rows, [{ id: 14, share: 100 }]);
  }
  const audited = await auditOf('fails');
  assert.equal(
    audited.map((row) => row.tenant_id),
    tenants.filter((_, n) => n !== 5),
  );
});

test('a tenant whose rows are slow waits alone, and reads alone from then on', async () => {
  const statement = `SELECT id, label, $1 AS tenant, CASE WHEN slow THEN wait_gate() ELSE 0 END AS waited
    FROM numbers WHERE tenant_id = $1 AND id = ANY($2) AND (SELECT note_statement())`;
  const idsOf = (n: number) => [n === 3 ? 13 : 14];
  const askAll = await openAll(statement);
  await gate.hold();
  const asked = await askAll('slow', idsOf);
  await gate.waiting(1);
  await clock.advance(databaseLimits.sharedReadPatienceMs);
  const quick = asked.filter((_, n) => n !== 3);
  for (const { code, rows } of await Promise.all(quick)) assert.equal([code, rows.length], ['answered', 1]);
  // The one that nobody waits for any more, and its own.
  await gate.waiting(2);
  await clock.advance(databaseLimits.sharedReadPatienceMs + 1);
  await gate.release();
  assert.is((await asked[3])?.rows[0]?.label, '3 13');
  for (const { code } of await Promise.all(await askAll('again', idsOf))) assert.is(code, 'answered');
  assert.is(await statementsRun(), 2, 'one for itself, one for all others');
});

test('a statement that PostgreSQL does not take for several tenants is run for each', async () => {
  const statement = `SELECT id, label, (SELECT max($1)) AS tenant FROM numbers
    WHERE tenant_id = $1 AND id = ANY($2) AND (SELECT note_statement())`;
  const askAll = await openAll(statement);
  for (const prefix of ['refused', 'refused again']) {
    const asked = await askAll(prefix, (n) => [n + 1]);
    for (const [n, { rows }] of (await Promise.all(asked)).entries()) assert.equal(rows, [rowOf(n, n + 1)]);
    assert.is(await statementsRun(), tenants.length);
  }
});

const rowsOf = (found: readonly KeyedRow[]) => found.map(({ key, row }) => `${key} ${row}`);

/** Of what a declared statement may be made of, and where its parameters may stand. */
const declared: Readonly<Record<string, string>> = {
  plain,
  'the first row of several for a key': `SELECT DISTINCT ON (id) id, label FROM (SELECT id, label FROM numbers WHERE tenant_id = $1
    UNION ALL SELECT id, 'second' FROM numbers WHERE tenant_id = $1) AS two WHERE id = ANY($2) ORDER BY id, label DESC`,
  'a WITH query':
    'WITH mine AS MATERIALIZED (SELECT * FROM numbers WHERE tenant_id = $1) SELECT id, label FROM mine WHERE id = ANY($2)',
  'keys that become rows': `SELECT k AS id, (SELECT label FROM numbers WHERE tenant_id = $1 AND id = k) AS label FROM unnest($2) AS k`,
  aggregates: `SELECT id, count(*) OVER () AS together, (SELECT count(*) FROM numbers AS m WHERE m.tenant_id = $1 AND m.id < n.id) AS before
    FROM numbers AS n WHERE tenant_id = $1 AND id = ANY($2)`,
  groups:
    'SELECT id, max(label) AS label, $3::int8 AS low FROM numbers WHERE tenant_id = $1 AND id = ANY($2) AND id >= $3 GROUP BY id',
  'an optional parameter':
    'SELECT id, label, $3 AS low FROM numbers WHERE tenant_id = $1 AND id = ANY($2) AND ($3 IS NULL OR id >= $3)',
  'an order with a bound':
    'SELECT id, label FROM numbers WHERE tenant_id = $1 AND id = ANY($2) ORDER BY id DESC LIMIT 2',
  'quoted and commented places': `SELECT id, '$1 $2' AS text, $q$ $1 $q$ AS "$2" FROM numbers /* $1 */ WHERE tenant_id = $1 AND id = ANY($2) -- $2`,
};
for (const [what, text] of Object.entries(declared)) {
  test(`rows read together are those read alone: ${what}`, async () => {
    const types = ['text', 'int8[]', 'int8'].slice(0, text.includes('$3') ? 3 : 2);
    const lookup = compileLookup({ text, types, keyColumn: 'id' });
    const readings = ['{1,2,3}', '{}', '{50,7,7,99}', '{49}'].map((keys, n) =>
      [`tenant-0${n}`, keys, n % 2 ? null : '2'].slice(0, types.length),
    );
    const deadline = minute();
    const together = await runLookupsTogether(database, lookup, { readings, deadline });
    const alone = await Promise.all(readings.map((values) => runLookup(database, lookup, { values, deadline })));
    assert.equal(together.map(rowsOf), alone.map(rowsOf));
    assert.ok(alone.flat().length > 0);
  });
}

test('values of every type come out of a shared statement as out of one alone, whatever they are', async () => {
  const awkward = ['', 'NULL', '{}', '"', '\\', ',', `'`, ' ', '😀'];
  const types = ['text', 'text[]', 'uuid', 'int8', 'float8', 'bool', 'timestamptz', 'text[]', 'float8[]', 'uuid[]'];
  const columns = types.slice(2).map((_, index) => `$${index + 3} AS c${index + 3}`);
  const text = `SELECT k AS id, $1 AS tenant, ${columns.join(', ')} FROM unnest($2) AS k`;
  const lookup = compileLookup({ text, types, keyColumn: 'id' });
  const uuid = '00000000-0000-4000-8000-000000000001';
  const scalars = [uuid, '-9223372036854775808', '1e-300', 'true', '2026-11-27T12:00:00.123+02:00'];
  const lists = [arrayLiteral(awkward), '{0.1,-0,1e300}', arrayLiteral([uuid, uuid])];
  const readings = awkward.map((tenant, n) => [
    ...[tenant, arrayLiteral(awkward)],
    ...[...scalars, ...lists].map((value, place) => ((n + place) % 4 === 0 ? null : value)),
  ]);
  const deadline = minute();
  const together = await runLookupsTogether(database, lookup, { readings, deadline });
  const alone = await Promise.all(readings.map((values) => runLookup(database, lookup, { values, deadline })));
  assert.equal(together.map(rowsOf), alone.map(rowsOf));
  assert.is(alone.flat().length, awkward.length ** 2);
});

test.after(async () => {
  await Promise.allSettled([database.stop(), gate.close()]);
});
test.run();
