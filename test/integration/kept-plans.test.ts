/**
 * Which plans PostgreSQL may keep, on a real server: by its own word for each statement, and by what it counts of those it makes.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createKeptPlans, isPlanKeepable, keptFormOf } from '../../pkg/postgres/kept-plan.ts';
import { compileLookup, runLookup } from '../../pkg/postgres/lookup-statement.ts';
import type { BoundValue } from '../../pkg/postgres/statement.ts';
import { compileTransactionStatement } from '../../pkg/postgres/transaction-statement.ts';
import { planLimits } from '../../pkg/process/limits.ts';
import { createManualClock } from '../../pkg/process/manual-clock.ts';
import { prepareDatabase } from '../services/database.ts';
import { minute, openDatabase } from '../services/open-database.ts';
import { startPostgres } from '../services/postgres.ts';
import { until } from '../services/until.ts';

const postgres = await startPostgres();
const { url, sql } = await prepareDatabase(postgres);
await sql(`CREATE SCHEMA "other place";
  CREATE TABLE "other place"."the rows" (tenant text, id int, region text, n int DEFAULT 0, tags text[], PRIMARY KEY (tenant, id));
  INSERT INTO "other place"."the rows" (tenant, id, region)
    SELECT CASE WHEN i <= 200 THEN 'acme' ELSE 't' || i / 200 END, i, 'r' || i % 100 FROM generate_series(1, 20000) AS i;
  CREATE INDEX ON "other place"."the rows" (region);
  CREATE UNIQUE INDEX ON "other place"."the rows" (id) WHERE n > 5;
  CREATE VIEW seen AS SELECT * FROM "other place"."the rows" WHERE n < 1000000;
  CREATE VIEW computed AS SELECT * FROM "other place"."the rows" WHERE n < (SELECT max(n) + 1 FROM "other place"."the rows");
  CREATE TABLE parted (tenant text, id int, n int, PRIMARY KEY (tenant, id)) PARTITION BY HASH (tenant);
  CREATE TABLE parted_0 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 0);
  CREATE TABLE parted_1 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 1);
  CREATE TABLE parted_once (tenant text, id int, n int, PRIMARY KEY (tenant, id)) PARTITION BY LIST (tenant);
  CREATE TABLE parted_once_all PARTITION OF parted_once DEFAULT;
  INSERT INTO parted SELECT 'acme', i, 0 FROM generate_series(1, 5000) AS i;
  INSERT INTO parted_once SELECT 'acme', i, 0 FROM generate_series(1, 5000) AS i;
  CREATE TABLE with_more (tenant text, id int, n int);
  CREATE UNIQUE INDEX ON with_more (tenant, id) INCLUDE (n);
  INSERT INTO with_more SELECT 't' || i % 1000, i, 0 FROM generate_series(1, 20000) AS i;
  CREATE TABLE twice (tenant text, id int, n int);
  CREATE INDEX "the rows_pkey" ON twice (tenant, id);
  INSERT INTO twice SELECT 't' || i % 1000, i, 0 FROM generate_series(1, 20000) AS i;
  CREATE INDEX ON twice (n);
  CREATE TABLE few (id int PRIMARY KEY, n int);
  INSERT INTO few VALUES (1, 0);
  GRANT USAGE ON SCHEMA "other place" TO PUBLIC;
  GRANT ALL ON ALL TABLES IN SCHEMA "other place", public TO PUBLIC;
  ANALYZE`);
const database = openDatabase({ url, poolMax: 1 });
await database.answers();

const rows = '"other place"."the rows"';
const byKey = 'tenant = :tenant AND id = ANY(:ids)';
const parameterTypes: Readonly<Record<string, string>> = { tenant: 'text', ids: 'int4[]', tags: 'text[]' };
/** With `$1`, `$2`, … for its names, in the order in which they come. */
const declare = (named: string) => {
  const names = [...new Set([...named.matchAll(/(?<!:):(\w+)/g)].map(([, name = '']) => name))];
  const text = named.replaceAll(/(?<!:):(\w+)/g, (_, name: string) => `$${names.indexOf(name) + 1}`);
  return { text, types: names.map((name) => parameterTypes[name] ?? '') };
};

const texts: readonly (readonly [what: string, text: string, isKept: boolean])[] = [
  ['a change by the primary key', `UPDATE ${rows} SET n = n + 1 WHERE ${byKey} RETURNING id`, true],
  ['with another condition', `UPDATE ${rows} SET n = 1 WHERE ${byKey} AND region <> 'r1' AND n < 5`, true],
  ['and with a list that is written', `UPDATE ${rows} SET tags = :tags WHERE ${byKey}`, true],
  ['a removal', `DELETE FROM ${rows} WHERE ${byKey}`, true],
  ['rows that are read', `SELECT n FROM ${rows} WHERE ${byKey}`, true],
  ['and locked', `SELECT n FROM ${rows} WHERE ${byKey} FOR UPDATE`, true],
  ['through a view', `UPDATE seen SET n = 1 WHERE ${byKey}`, true],
  ['a view that works something out', `UPDATE computed SET n = 1 WHERE ${byKey}`, false],
  ['an index that holds more than its key', `UPDATE with_more SET n = 1 WHERE ${byKey}`, true],
  ['one that is read alone', `SELECT n FROM with_more WHERE ${byKey}`, true],
  ['half of the key', `UPDATE ${rows} SET n = 1 WHERE tenant = :tenant AND n = ANY(:ids)`, false],
  ['half of it twice', `UPDATE ${rows} SET n = 1 WHERE tenant = :tenant AND tenant = ANY(:tags)`, false],
  [
    'half of it, with what looks like the other',
    `UPDATE ${rows} SET n = 1 WHERE tenant = 'x = y AND id = 1' AND n = ANY(:ids)`,
    false,
  ],
  ['an index with the name of a unique one elsewhere', `UPDATE twice SET n = 1 WHERE ${byKey}`, false],
  ['rows that are copied', `INSERT INTO ${rows} SELECT tenant || 'x', id FROM ${rows} WHERE ${byKey}`, false],
  ['what an index knows', `UPDATE ${rows} SET n = (SELECT max(n) FROM twice) WHERE ${byKey}`, false],
  [
    'a sub-query for each row that is answered',
    `UPDATE ${rows} AS a SET n = 1 WHERE ${byKey} RETURNING (SELECT n FROM few WHERE few.id = a.n)`,
    false,
  ],
  [
    'and for each that is read',
    `SELECT (SELECT n FROM few WHERE few.id = a.n) FROM ${rows} AS a WHERE ${byKey}`,
    false,
  ],
  ['a condition worked out for each row', `SELECT n FROM ${rows} AS a WHERE ${byKey} AND n = (SELECT a.n + 1)`, false],
  ['a range of the key', `UPDATE ${rows} SET n = 1 WHERE tenant = :tenant AND id > ALL(:ids)`, false],
  ['an index that is not unique', `UPDATE ${rows} SET n = 1 WHERE region = ANY(:tags)`, false],
  ['an index of a part of the rows', `UPDATE ${rows} SET n = 1 WHERE id = ANY(:ids) AND n > 5`, false],
  ['partitions', `UPDATE parted SET n = 1 WHERE ${byKey}`, false],
  ['one partition', `UPDATE parted_once SET n = 1 WHERE ${byKey}`, false],
  ['rows that are read of partitions', `SELECT n FROM parted WHERE ${byKey}`, false],
  ['a table too small for its index', `UPDATE few SET n = 1 WHERE id = ANY(:ids)`, false],
  ['rows that are new', `INSERT INTO few SELECT unnest(:ids), 1`, false],
  [
    'two tables',
    `UPDATE ${rows} AS a SET n = 1 FROM parted AS b WHERE a.id = b.id AND b.tenant = :tenant AND b.id = ANY(:ids)`,
    false,
  ],
  ['a sub-query', `UPDATE ${rows} SET n = (SELECT max(n) FROM few) WHERE ${byKey}`, false],
  ['rows that are counted', `SELECT count(*) FROM ${rows} WHERE ${byKey}`, false],
];

for (const [what, text, isKept] of texts) {
  test(`${isKept ? 'kept' : 'made anew'}: ${what}`, async () => {
    const form = keptFormOf(declare(text), (declared) => ({ declared }))?.();
    assert.ok(form);
    if (form) assert.is(await isPlanKeepable(database, form.shape, minute()), isKept);
  });
}

test('by a bitmap of the rows, too', async () => {
  await sql('ALTER ROLE dataactions_handler SET enable_indexscan = off');
  const other = openDatabase({ url, poolMax: 1 });
  await other.answers();
  const by = async (text: string) => {
    const form = keptFormOf(declare(text), (declared) => ({ declared }))?.();
    return form && (await isPlanKeepable(other, form.shape, minute()));
  };
  assert.is(await by(`UPDATE ${rows} SET n = 1 WHERE ${byKey}`), true);
  assert.is(await by(`SELECT n FROM ${rows} WHERE ${byKey}`), true);
  assert.is(await by(`UPDATE ${rows} SET n = 1 WHERE tenant = :tenant AND n = ANY(:ids)`), false);
  await other.stop();
  await sql('ALTER ROLE dataactions_handler RESET enable_indexscan');
});

test('lists are hidden, and nothing else', () => {
  const form = keptFormOf({ text: 'a = $1 AND b = ANY($2);', types: ['text', 'int4[]'] }, (declared) => ({
    declared,
  }))?.();
  assert.is(form?.declared, 'a = ($1::text) AND b = ANY(((SELECT $2::int4[])::int4[]))');
});

test('where there is no list there is nothing to hide', () => {
  assert.is(
    keptFormOf({ text: 'SELECT $1', types: ['text'] }, (declared) => ({ declared })),
    undefined,
  );
});

const { text, types } = declare(`UPDATE ${rows} SET n = n + 1 WHERE ${byKey} RETURNING id`);
const change = compileTransactionStatement(text, { types, answersRows: true, expectRows: 'Any' });
const run = async (values: readonly BoundValue[]) => {
  const [row] = await database.query(plans.formOf(change).statement, values, minute());
  return row;
};
/** Of what is run now. */
const plansMade = async () => {
  const { name } = plans.formOf(change).statement;
  const [made] = await database.run(
    'SELECT generic_plans::int AS kept, custom_plans::int AS anew FROM pg_prepared_statements WHERE name = $1',
    name,
  );
  return made ?? { kept: 0, anew: 0 };
};
const clock = createManualClock();
const plans = createKeptPlans(database, clock);

test('a plan is kept from when PostgreSQL has shown it, and the rows are the same', async () => {
  assert.is(plans.formOf(change).statement, change.statement);
  const before = await run(['acme', '{1,2}']);
  for (const _ of Array(9).keys()) await database.query(change.statement, ['acme', '{1}'], minute());
  await until('its plan to be shown', async () => assert.is.not(plans.formOf(change).statement, change.statement));
  for (const _ of Array(10).keys()) assert.equal(await run(['acme', '{1,2}']), before);
  assert.equal(await plansMade(), { kept: 5, anew: 5 });
  const [plain] = await database.run(
    'SELECT generic_plans::int AS kept FROM pg_prepared_statements WHERE name = $1',
    change.statement.name,
  );
  assert.equal(plain, { kept: 0 });
});

test('a lookup is read so too, with audit rows and without', async () => {
  const types = ['text', 'int4[]'];
  const lookup = compileLookup({
    text: `SELECT id, n FROM ${rows} WHERE tenant = $1 AND id = ANY($2)`,
    types,
    keyColumn: 'id',
  });
  const record = { tenantId: 'acme', action: 'read', keys: ['1'], requestId: 'r', context: {} };
  const records = [{ ...record, source: 'database', outcome: 'answered' } as const];
  plans.formOf(lookup);
  await until('its plan to be shown', async () => assert.is.not(plans.formOf(lookup), lookup));
  for (const list of ['{1,2}', '{}', '{1,1,20001}']) {
    for (const job of [{ records }, {}]) {
      const by = (form: typeof lookup) =>
        runLookup(database, form, { ...job, values: ['acme', list], deadline: minute() });
      assert.equal(await by({ ...lookup, ...plans.formOf(lookup) }), await by(lookup));
    }
  }
});

test('no list, an empty one, null, and one with null find what they find', async () => {
  for (const list of ['{}', null, '{NULL}', '{1,NULL,20001}']) {
    const [row] = await database.query(change.statement, ['acme', list], minute());
    assert.equal(await run(['acme', list]), row);
  }
});

test('an index that has gone is told within two minutes, and the plan is made anew', async () => {
  await sql(`ALTER TABLE ${rows} DROP CONSTRAINT "the rows_pkey"`);
  await clock.advance(planLimits.checkMs);
  await until('its plan to be shown', async () => assert.is(plans.formOf(change).statement, change.statement));
});

test.after(() => database.stop());
test.run();
