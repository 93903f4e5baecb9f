/**
 * What the triggers of deploy/sql tell on dataactions_invalidate, in the words the listener understands.
 *
 * also over docker
 */
import { Client } from 'pg';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { prepareDatabase } from '../services/database.ts';
import { startPostgres } from '../services/postgres.ts';

const postgres = await startPostgres();
const { sql } = await prepareDatabase(postgres);
await sql(`
  CREATE TABLE items (tenant text, key text, value int);
  CREATE TRIGGER i AFTER INSERT ON items REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION dataactions_invalidate('tenant', 'key');
  CREATE TRIGGER u AFTER UPDATE ON items REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION dataactions_invalidate('tenant', 'key');
  CREATE TRIGGER d AFTER DELETE ON items REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION dataactions_invalidate('tenant', 'key');
  CREATE TABLE "Odd Items" ("The Tenant" text, "The ""Key""" int);
  CREATE TRIGGER i AFTER INSERT ON "Odd Items" REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION dataactions_invalidate('The Tenant', 'The "Key"', 'get', 'get_all')`);

interface Told {
  readonly tenantId: string;
  readonly keys?: readonly string[];
  readonly actions?: readonly string[];
}

const client = new Client({ connectionString: postgres.url });
await client.connect();
let told: Told[] = [];
client.on('notification', ({ payload }) => told.push(JSON.parse(payload ?? '')));
await client.query('LISTEN dataactions_invalidate');

/** What a statement tells: notifications come before the answer to the next one. */
const tellsOf = async (text: string): Promise<readonly Told[]> => {
  told = [];
  await client.query(text);
  await client.query('SELECT 1');
  return told;
};

const keysOf = (tells: readonly Told[]) => tells.flatMap(({ keys }) => keys ?? []).sort();
const insert = (count: number, key = `'k' || n`, tenant = `'acme'`) =>
  `INSERT INTO items SELECT ${tenant}, ${key}, 0 FROM generate_series(1, ${count}) AS n`;
const k = (count: number) => Array.from({ length: count }, (_, n) => `k${n + 1}`).sort();

for (const count of [1, 150, 1_000]) {
  test(`INSERT, UPDATE and DELETE of ${count} rows each name all keys`, async () => {
    for (const text of [insert(count), 'UPDATE items SET value = 1', 'DELETE FROM items']) {
      const tells = await tellsOf(text);
      assert.equal(keysOf(tells), k(count), text);
      assert.is(tells.length, Math.ceil(count / 100));
      for (const tell of tells) assert.is(tell.tenantId, 'acme');
      for (const tell of tells) assert.not.ok('actions' in tell);
    }
  });
}

test('1,500 rows of a tenant are told once, as all of its keys', async () => {
  for (const text of [insert(1_500), 'UPDATE items SET value = 1', 'DELETE FROM items']) {
    assert.equal(await tellsOf(text), [{ tenantId: 'acme' }], text);
  }
});

test('a changed key is told as it was and as it is, under the tenant of then and of now', async () => {
  await tellsOf(insert(1));
  assert.equal(keysOf(await tellsOf(`UPDATE items SET key = 'new'`)), ['k1', 'new']);
  const moved = await tellsOf(`UPDATE items SET tenant = 'other'`);
  assert.equal(moved.map(({ tenantId, keys }) => [tenantId, keys]).sort(), [
    ['acme', ['new']],
    ['other', ['new']],
  ]);
  await tellsOf('DELETE FROM items');
});

test('tenants are told apart, each by its own number of keys', async () => {
  const tells = await tellsOf(`${insert(1_500)} UNION ALL SELECT 'small', 'a', 0 UNION ALL SELECT 'small', 'a', 1`);
  assert.equal(
    tells.toSorted((a, b) => a.tenantId.localeCompare(b.tenantId)),
    [{ tenantId: 'acme' }, { tenantId: 'small', keys: ['a'] }],
  );
  await tellsOf('DELETE FROM items');
});

test('keys too long for a payload are told as all keys, short ones beside them are not lost', async () => {
  for (const character of ['x', '😀', '"']) {
    const tells = await tellsOf(insert(3, `repeat('${character}', 3000) || n`));
    assert.equal(tells, [{ tenantId: 'acme' }], character);
    await tellsOf('DELETE FROM items');
  }
});

test('odd characters arrive as they are, names need no lower case, actions are told', async () => {
  const odd = `a"b\\c{}',\n😀`;
  assert.equal(keysOf(await tellsOf(`INSERT INTO items VALUES ('acme', ${client.escapeLiteral(odd)}, 0)`)), [odd]);
  await tellsOf('DELETE FROM items');
  assert.equal(await tellsOf(`INSERT INTO "Odd Items" VALUES ('acme', 7)`), [
    { tenantId: 'acme', keys: ['7'], actions: ['get', 'get_all'] },
  ]);
});

for (const [what, rows, tells] of [
  ['one row', "('acme', 'a', 0)", [['acme', 'a']]],
  ['two rows of one key', "('acme', 'a', 0), ('acme', 'a', 1)", [['acme', 'a']]],
  ['three rows of one key', "('acme', 'a', 0), ('acme', 'a', 1), ('acme', 'a', 2)", [['acme', 'a']]],
  ['two keys', "('acme', 'a', 0), ('acme', 'b', 0)", [['acme', 'a', 'b']]],
  [
    'one key of two tenants',
    "('acme', 'a', 0), ('beta', 'a', 0)",
    [
      ['acme', 'a'],
      ['beta', 'a'],
    ],
  ],
  ['a key beside a NULL', "('acme', 'a', 0), ('acme', NULL, 0)", [['acme', 'a']]],
  ['a tenant beside a NULL', "(NULL, 'a', 0), ('acme', 'a', 0)", [['acme', 'a']]],
  ['one NULL key', "('acme', NULL, 0)", []],
  ['one NULL tenant', "(NULL, 'a', 0)", []],
  ['the longest tenant', "(repeat('x', 63), 'a', 0)", [['x'.repeat(63), 'a']]],
  ['a tenant one longer', "(repeat('x', 64), 'a', 0)", []],
] as const) {
  test(`INSERT, UPDATE and DELETE of few: ${what}`, async () => {
    for (const text of [`INSERT INTO items VALUES ${rows}`, 'UPDATE items SET value = 9', 'DELETE FROM items']) {
      const told = (await tellsOf(text)).map(({ tenantId, keys = [] }) => [tenantId, ...[...keys].sort()]);
      assert.equal(told.sort(), tells, text);
    }
  });
}

test('nothing is told of no rows, of NULLs, of what is nobody’s tenant, or of what was rolled back', async () => {
  assert.equal(await tellsOf(insert(0)), []);
  assert.equal(await tellsOf(`INSERT INTO items VALUES (NULL, 'k', 0), ('acme', NULL, 0)`), []);
  assert.equal(await tellsOf(`INSERT INTO items VALUES (repeat('x', 10000), 'k', 0)`), []);
  await client.query('BEGIN');
  await client.query(insert(1));
  assert.equal(await tellsOf('ROLLBACK'), []);
});

test.after(() => client.end());
test.run();
