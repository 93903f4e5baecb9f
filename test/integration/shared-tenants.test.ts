/**
 * Beside other lookups, tenants with the same declared statement share one: each gets its own rows, its own errors and its own audit rows,
 * and none waits for another's slow rows.
 *
 * also over docker
 */
import { Client } from 'pg';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { arrayLiteral } from '../../pkg/postgres/array-literal.ts';
import type { KeyedRow } from '../../pkg/postgres/lookup-rows.ts';
import { compileLookup, type LookupStatement, runLookup } from '../../pkg/postgres/lookup-statement.ts';
import { runSharedLookup } from '../../pkg/postgres/shared-lookup.ts';
import type { BoundValue } from '../../pkg/postgres/statement.ts';
import { databaseLimits, sharedReadLimits } from '../../pkg/process/limits.ts';
import { createManualClock } from '../../pkg/process/manual-clock.ts';
import { prepareDatabase } from '../services/database.ts';
import { minute, openDatabase } from '../services/open-database.ts';
import { openLookups } from '../services/open-lookups.ts';
import { startPostgres } from '../services/postgres.ts';
import { createStatementGate } from '../services/statement-gate.ts';
import { until } from '../services/until.ts';

const tenants = Array.from({ length: 16 }, (_, n) => `tenant-${String(n).padStart(2, '0')}`);

const postgres = await startPostgres();
const { url, sql } = await prepareDatabase(postgres);
const gate = await createStatementGate(postgres.url);
await sql(`
  CREATE TABLE numbers (tenant_id text, id int8, label text, slow boolean, PRIMARY KEY (tenant_id, id));
  INSERT INTO numbers
  SELECT 'tenant-' || lpad(t::text, 2, '0'), n, t || ' ' || n, t = 3 AND n = 13
  FROM generate_series(0, ${tenants.length - 1}) AS t, generate_series(1, 50) AS n;
  -- A plan shows no function behind an operator.
  CREATE FUNCTION waits(boolean, boolean) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RETURN wait_gate() IS NULL; END';
  CREATE OPERATOR === (LEFTARG = boolean, RIGHTARG = boolean, FUNCTION = waits);
  CREATE FUNCTION is_even(numbers) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RETURN $1.id % 2 = 0; END';
  CREATE VIEW gated AS SELECT *, CASE WHEN slow THEN slow === slow ELSE slow END AS waited FROM numbers;
  CREATE VIEW divided AS SELECT *, 100 / (id - 13) AS share FROM numbers;
  CREATE VIEW counted AS SELECT tenant_id, id, max(label) AS label, count(*) AS count FROM numbers GROUP BY tenant_id, id;
  CREATE VIEW lower_case AS SELECT tenant_id, id, lower(label) AS label FROM numbers;
  CREATE TABLE guarded AS SELECT tenant_id, id, label FROM numbers;
  ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
  CREATE POLICY own ON guarded USING (tenant_id = (SELECT current_setting('app.tenant', true)));
  CREATE VIEW me AS SELECT t AS tenant_id, set_config('app.tenant', t, true) AS x
    FROM unnest(ARRAY['${tenants.join("','")}']) AS t;
  GRANT SELECT ON numbers, gated, divided, counted, lower_case, guarded, me TO dataactions_service`);
const database = openDatabase({ url, poolMax: 20 });
await database.answers();
const clock = createManualClock();
/** How many requests each statement was for. */
const batches: number[] = [];
const readings: string[] = [];
const lookups = openLookups(
  database,
  clock,
  (requests) => void batches.push(requests),
  (result) => void readings.push(result),
);

const integers: readonly object[] = [{ name: 'ids', type: 'Integer', list: true }];
const plain = 'SELECT id, label, $1 AS tenant FROM numbers WHERE tenant_id = $1 AND id = ANY($2)';

/** @returns asks all tenants in one turn of the event loop. They were so before: nobody shares until the plan was seen;
 * a first shared statement may take a busy machine too long. */
const openAll = async (statement: string, { shares = true } = {}) => {
  const asks = tenants.map((tenantId) => lookups({ tenantId, statement, input: integers }));
  await until('a plan', async () => {
    // Of what was shown of a tenant before nothing is left.
    await clock.advance(sharedReadLimits.aloneAfterSlowMs);
    for (const prefix of ['alone', 'beside others', 'by a plan']) {
      batches.length = 0;
      await Promise.all(asks.map((ask) => ask({ ids: [1] }, prefix)));
    }
    if (shares) assert.equal(batches, [tenants.length]);
  });
  return async (prefix: string, idsOf: (n: number) => readonly number[]) => {
    batches.length = 0;
    return asks.map((ask, n) => ask({ ids: idsOf(n) }, `${prefix} ${tenants[n]}`));
  };
};
const rowOf = (n: number, id: number) => ({ id, label: `${n} ${id}`, tenant: tenants[n] });
const auditOf = (prefix: string) =>
  sql('SELECT tenant_id, customer_ids, source FROM audit_log WHERE request_id LIKE $1 ORDER BY tenant_id', [
    `${prefix} %`,
  ]);

test('each tenant gets its own rows and its own audit row, from one statement for all of them', async () => {
  const askAll = await openAll(plain);
  const asked = await askAll('own', (n) => [n + 1, 49, 1_000]);
  for (const [n, { rows, missing }] of (await Promise.all(asked)).entries()) {
    assert.equal(rows, [rowOf(n, n + 1), rowOf(n, 49)]);
    assert.equal(missing, [1_000]);
  }
  assert.equal(batches, [tenants.length]);
  assert.equal(
    await auditOf('own'),
    tenants.map((tenant_id, n) => ({ tenant_id, customer_ids: [`${n + 1}`, '49', '1000'], source: 'database' })),
  );
});

test('what comes in one turn shares, though nobody was at work before', async () => {
  const askAll = await openAll(`${plain} AND label <> 'in a burst'`);
  await clock.advance(databaseLimits.lookupMovesMs);
  const asked = await askAll('burst', () => [2]);
  for (const { code } of await Promise.all(asked)) assert.is(code, 'answered');
  assert.equal(batches, [1, tenants.length - 1], 'but for the first');
});

test('who asks by turns shares as long as others were read a moment ago; one by itself does not', async () => {
  const statement = `${plain} AND label <> 'by turns'`;
  const asks = tenants.slice(0, 2).map((tenantId) => lookups({ tenantId, statement, input: integers }));
  const askInTurn = async (prefix: string, times: number) => {
    for (let n = 0; n < times; n += 1) {
      await clock.advance(databaseLimits.lookupMovesMs / 4);
      await asks[n % asks.length]?.({ ids: [n + 1] }, `${prefix} ${n}`);
    }
    return readings.slice(-times);
  };
  await until('a plan', async () => {
    await clock.advance(sharedReadLimits.aloneAfterSlowMs);
    assert.is((await askInTurn('plan', 4)).at(-1), 'shared');
  });
  assert.equal(await askInTurn('by turns', 6), Array(6).fill('shared'));
  batches.length = 0;
  await Promise.all(asks.map((ask) => ask({ ids: [50] }, 'both')));
  assert.equal(batches, [2], 'two are enough');
  await clock.advance(databaseLimits.lookupMovesMs);
  asks.length = 1;
  assert.equal(await askInTurn('alone', 4), Array(4).fill('few'));
});

test('a tenant whose rows make a statement fail fails alone', async () => {
  const askAll = await openAll('SELECT id, share FROM divided WHERE tenant_id = $1 AND id = ANY($2)');
  const outcomes = await Promise.all(await askAll('fails', (n) => [n === 5 ? 13 : 14]));
  for (const [n, { code, rows }] of outcomes.entries()) {
    if (n === 5) assert.is(code, 'statement_failed');
    else assert.equal(rows, [{ id: 14, share: 100 }]);
  }
  assert.equal(batches, [tenants.length, ...tenants.map(() => 1)], 'together, and then each alone');
  const audited = await auditOf('fails');
  assert.equal(
    audited.map((row) => row.tenant_id),
    tenants.filter((_, n) => n !== 5),
  );
  await clock.advance(sharedReadLimits.restMsMin);
  for (const prefix of ['few of them', 'again']) {
    for (const { code } of await Promise.all(await askAll(prefix, () => [14]))) assert.is(code, 'answered');
  }
  assert.equal(new Set(batches), new Set([1, tenants.length - 1]), 'the one at fault alone, for a while');
});

test('a tenant whose rows are slow waits alone, and reads alone from then on', async () => {
  const idsOf = (n: number) => [n === 3 ? 13 : 14];
  const askAll = await openAll('SELECT id, label, waited FROM gated WHERE tenant_id = $1 AND id = ANY($2)');
  await gate.hold();
  const asked = await askAll('slow', idsOf);
  await gate.waiting(1);
  // PostgreSQL ends the one for all, whose session keeps its place at the gate; its own waits on.
  const quick = asked.filter((_, n) => n !== 3);
  for (const { code, rows } of await Promise.all(quick)) assert.equal([code, rows.length], ['answered', 1]);
  await gate.waiting(2);
  await clock.advance(sharedReadLimits.restMsMin);
  await gate.release();
  assert.is((await asked[3])?.rows[0]?.label, '3 13');
  for (const prefix of ['few of them', 'again']) {
    for (const { code } of await Promise.all(await askAll(prefix, idsOf))) assert.is(code, 'answered');
  }
  assert.equal(new Set(batches), new Set([1, tenants.length - 1]), 'for itself, and for all others');
});

test('where all wait for one lock, each reads alone, and all share again as soon as it is gone', async () => {
  const askAll = await openAll(`${plain} AND label <> 'locked'`);
  await clock.advance(1);
  const holder = new Client({ connectionString: postgres.url });
  await holder.connect();
  try {
    await holder.query('BEGIN; LOCK TABLE numbers');
    const asked = await askAll('locked', () => [2]);
    await until('a statement of its own for each', async () => {
      const [waiting] = await sql(
        "SELECT count(*)::int FROM pg_locks WHERE NOT granted AND relation = 'numbers'::regclass",
      );
      assert.is(waiting?.count, tenants.length);
    });
    await clock.advance(sharedReadLimits.patienceMs * 10);
    await holder.query('COMMIT');
    for (const { code } of await Promise.all(asked)) assert.is(code, 'answered');
  } finally {
    await holder.end();
  }
  const tried = await askAll('on trial', () => [3]);
  await Promise.all(tried);
  assert.equal(
    batches,
    tenants.map(() => 1),
    'each is tried by itself',
  );
  for (const { code } of await Promise.all(await askAll('together', () => [4]))) assert.is(code, 'answered');
  assert.equal(batches, [tenants.length]);
});

for (const [what, statement] of Object.entries({
  'by its text': `${plain} AND id % 2 = 0`,
  'by a view': `SELECT id, label, $1 AS tenant FROM lower_case WHERE tenant_id = $1 AND id = ANY($2)`,
  'by a policy': `SELECT r.id, r.label, $1 AS tenant FROM me, guarded AS r WHERE me.tenant_id = $1 AND r.id = ANY($2)`,
  'by a lookup of a column that is a function': `SELECT n.id, n.label, $1 AS tenant FROM numbers AS n
    WHERE n.tenant_id = $1 AND n.id = ANY($2) AND n.is_even = true`,
})) {
  test(`what is more than plain ${what} is run for each`, async () => {
    const askAll = await openAll(statement, { shares: false });
    for (const [n, { rows }] of (await Promise.all(await askAll('each', () => [2]))).entries()) {
      assert.equal(rows, [rowOf(n, 2)]);
    }
    assert.equal(
      batches,
      tenants.map(() => 1),
    );
  });
}

test('a statement that PostgreSQL has ended leaves no audit row, and its connection as it was', async () => {
  const single = openDatabase({ url, poolMax: 1 });
  await single.answers();
  const lookup = compileLookup({
    ...{ text: 'SELECT id, waited FROM gated WHERE tenant_id = $1 AND id = ANY($2)', keyColumn: 'id' },
    types: ['text', 'int8[]'],
  });
  const form = lookup.shared?.();
  if (!form) throw new Error('it has no shared form');
  const record = { tenantId: 'ended', action: 'get', keys: [], requestId: 'ended 1', context: {} };
  const records = [{ ...record, source: 'database', outcome: 'answered' } as const];
  const session = () => single.run("SELECT pg_backend_pid() AS pid, current_setting('statement_timeout') AS bound, $1");
  const before = await session();
  await gate.hold();
  const readings = [['tenant-03', '{13}']];
  const outcome = await runSharedLookup(single, form, { readings, records, deadline: minute() });
  await gate.release();
  assert.is('refused' in outcome && outcome.refused.code, 'deadline_exceeded');
  assert.equal(await auditOf('ended'), []);
  assert.equal(await session(), before);
  const again = await runSharedLookup(single, form, { readings, records, deadline: minute() });
  assert.is('found' in again && again.found[0]?.[0]?.key, '13');
  assert.is((await auditOf('ended')).length, 1);
  assert.equal(await session(), before);
  await single.stop();
});

const rowsOf = (found: readonly KeyedRow[]) => found.map(({ key, row }) => `${key} ${row}`);
const where = 'tenant_id = $1 AND id = ANY($2)';

/** @throws what PostgreSQL refuses */
const readTogether = async (lookup: LookupStatement, readings: readonly (readonly BoundValue[])[]) => {
  const form = lookup.shared?.();
  if (!form) throw new Error('it has no shared form');
  const outcome = await runSharedLookup(database, form, { readings, records: [], deadline: minute() });
  if ('refused' in outcome) throw outcome.refused;
  assert.ok(outcome.ms > 0 && outcome.ms < sharedReadLimits.patienceMs, `${outcome.ms} ms`);
  return outcome.found;
};

/** Of what a plain text may be made of, and where its parameters may stand. */
const shared: Readonly<Record<string, string>> = {
  plain,
  'all columns': `SELECT * FROM numbers WHERE ${where}`,
  'in another order, in lower case': 'select label, id from numbers where id = any ( $2 ) and $1 = tenant_id',
  'aliases that the shared form has too': `SELECT found.id, found AS r, given.label AS n
    FROM numbers AS found JOIN numbers AS given ON given.id = found.id AND given.tenant_id = $1 WHERE found.tenant_id = $1 AND found.id = ANY($2)`,
  'a whole row by an alias of one letter':
    'SELECT n.id, n AS whole FROM numbers AS n WHERE n.tenant_id = $1 AND n.id = ANY($2)',
  'a whole row by an alias like a column':
    'SELECT p1.id, p1 AS whole FROM numbers p1 WHERE p1.tenant_id = $1 AND p1.id = ANY($2)',
  'a parameter without a name': `SELECT id, $1, $3 FROM numbers WHERE ${where}`,
  'a parameter with a name': `SELECT id, $3 AS low, $2 AS ids FROM numbers WHERE ${where}`,
  'an optional parameter': `SELECT id, label FROM numbers WHERE ${where} AND $3 IS NULL OR ${where} AND id >= $3`,
  'an order with a bound': `SELECT id, label FROM numbers WHERE ${where} ORDER BY id DESC LIMIT 2`,
  'a bound that is a parameter': `SELECT id, label FROM numbers WHERE ${where} ORDER BY id LIMIT $3`,
  'different rows': `SELECT DISTINCT id, slow FROM numbers WHERE ${where} ORDER BY id`,
  groups: `SELECT id, $1 AS n FROM numbers WHERE ${where} GROUP BY id, n ORDER BY id`,
  'a case': `SELECT id, CASE WHEN id > 2 THEN label ELSE $1 END FROM numbers WHERE ${where} ORDER BY id`,
  'texts and quoted names': `SELECT id, 'a ''$1 $2' AS "select_", "label" FROM numbers WHERE ${where}`,
  'an outer join': `SELECT a.id, b.label FROM numbers AS a LEFT JOIN numbers AS b ON b.id = a.id AND b.tenant_id = 'tenant-05' AND b.id < $3
    WHERE a.tenant_id = $1 AND a.id = ANY($2) ORDER BY a.id`,
  'a view with groups': `SELECT id, label, count FROM counted WHERE ${where} ORDER BY id`,
  'what is computed in a view': `SELECT id, waited FROM gated WHERE ${where}`,
  'the time and the user': `SELECT id, CURRENT_USER AS me, CURRENT_DATE AS today FROM numbers WHERE ${where}`,
};
for (const [what, text] of Object.entries(shared)) {
  test(`rows read together are those read alone: ${what}`, async () => {
    const types = ['text', 'int8[]', 'int8'].slice(0, text.includes('$3') ? 3 : 2);
    const lookup = compileLookup({ text, types, keyColumn: 'id' });
    const readings = ['{1,2,3}', '{}', '{50,7,7,99}', '{49}', null].map((keys, n) =>
      [`tenant-0${n}`, keys, n % 2 ? null : '2'].slice(0, types.length),
    );
    const deadline = minute();
    const found = await readTogether(lookup, readings);
    const alone = await Promise.all(readings.map((values) => runLookup(database, lookup, { values, deadline })));
    assert.equal(found.map(rowsOf), alone.map(rowsOf));
    assert.ok(alone.flat().length > 0);
  });
}

test('values of every type come out of a shared statement as out of one alone, whatever they are', async () => {
  const awkward = ['', 'NULL', '{}', '"', '\\', ',', `'`, ' ', '😀'];
  const types = ['text', 'text[]', 'uuid', 'int8', 'float8', 'bool', 'timestamptz', 'text[]', 'float8[]', 'uuid[]'];
  const columns = types.slice(2).map((_, index) => `$${index + 3} AS c${index + 3}`);
  const text = `SELECT id, $1 AS tenant, ${columns.join(', ')} FROM awkward WHERE tenant_id <> $1 AND id = ANY($2)`;
  await sql('CREATE TABLE awkward (tenant_id text, id text); GRANT SELECT ON awkward TO dataactions_service');
  await sql(`INSERT INTO awkward SELECT 'all', * FROM unnest($1::text[])`, [awkward]);
  const lookup = compileLookup({ text, types, keyColumn: 'id' });
  const uuid = '00000000-0000-4000-8000-000000000001';
  const scalars = [uuid, '-9223372036854775808', '1e-300', 'true', '2026-11-27T12:00:00.123+02:00'];
  const lists = [arrayLiteral(awkward), '{0.1,-0,1e300}', arrayLiteral([uuid, uuid])];
  const readings = awkward.map((tenant, n) => [
    ...[tenant, arrayLiteral(awkward)],
    ...[...scalars, ...lists].map((value, place) => ((n + place) % 4 === 0 ? null : value)),
  ]);
  const deadline = minute();
  const together = await readTogether(lookup, readings);
  const alone = await Promise.all(readings.map((values) => runLookup(database, lookup, { values, deadline })));
  assert.equal(together.map(rowsOf), alone.map(rowsOf));
  assert.is(alone.flat().length, awkward.length ** 2);
});

test.after(async () => {
  await Promise.allSettled([database.stop(), gate.close()]);
});
test.run();
