/**
 * What a declared lookup may look like: kinds of keys, other parameters, columns of any type.
 *
 * also over docker
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { prepareDatabase } from '../services/database.ts';
import { openDatabase } from '../services/open-database.ts';
import { openLookups } from '../services/open-lookups.ts';
import { startPostgres } from '../services/postgres.ts';

const postgres = await startPostgres();
const { url } = await prepareDatabase(postgres);
const database = openDatabase({ url });
await database.answers();
const lookups = openLookups(database);
const tenantId = 'acme';
const keys = (type: string) => ({ name: 'ids', type, list: true });

test('requests with other parameters never share rows: not in a batch, not in the cache', async () => {
  const ask = lookups({
    tenantId,
    ttlSeconds: 60,
    statement: `SELECT t AS id, coalesce($3, 'none') AS kind, $4 AS tags, $5 AS at FROM unnest($2) AS t WHERE $1 = 'acme'`,
    input: [
      keys('String'),
      { name: 'kind', type: 'String', optional: true },
      { name: 'tags', type: 'Integer', list: true, optional: true },
      { name: 'at', type: 'Timestamp', optional: true },
    ],
  });
  const variants = [
    {},
    { kind: '' },
    { kind: 'null' },
    { kind: 'b' },
    { tags: [] },
    { tags: [1, 2] },
    { at: '2026-01-01T01:00:00+01:00' },
  ];
  for (const source of ['database', 'memory']) {
    const outcomes = await Promise.all(variants.map((variant) => ask({ ids: ['a', 'b'], ...variant })));
    for (const [n, outcome] of outcomes.entries()) {
      const { kind = 'none', tags = null, at } = { kind: undefined, tags: undefined, at: undefined, ...variants[n] };
      const rest = { kind, tags, at: at ? '2026-01-01T00:00:00+00:00' : null };
      assert.equal(outcome.rows, [
        { id: 'a', ...rest },
        { id: 'b', ...rest },
      ]);
      assert.is(outcome.source, source);
    }
  }
});

test('an optional parameter that is left out is NULL, also under a name that every object of JavaScript knows', async () => {
  const names = ['constructor', 'toString', 'valueOf', 'hasOwnProperty'];
  const ask = lookups({
    tenantId,
    statement: `SELECT t AS id, $3 AS a, $4 AS b, $5 AS c, $6 AS d FROM unnest($2) AS t WHERE $1 = 'acme'`,
    input: [keys('String'), ...names.map((name) => ({ name, type: 'String', optional: true }))],
  });
  const row = { id: 'x', a: null, b: null, c: null, d: null };
  assert.equal((await ask({ ids: ['x'] })).rows, [row]);
  assert.equal((await ask('{"tenant_id":"acme","ids":["x"],"constructor":"1"}')).rows, [{ ...row, a: '1' }]);
});

test('Integer keys are exact at both ends of int8, and numbers in rows and in missing', async () => {
  const ask = lookups({
    tenantId,
    statement: `SELECT t AS id FROM unnest($2) AS t WHERE $1 = 'acme' AND t % 2 <> 0`,
    input: [keys('Integer')],
  });
  const ids = '[9223372036854775807,-9223372036854775808,9007199254740993,-0,2]';
  const { body } = await ask(`{"tenant_id":"acme","ids":${ids}}`);
  assert.is(
    body,
    '{"output":{"rows":[{"id":9223372036854775807},{"id":9007199254740993}],"count":2,"missing":[-9223372036854775808,0,2]}}',
  );
});

test('String keys may hold any character', async () => {
  const ids = ['', 'NULL', '{a,b}', '"', '\\', `'; --`, ' a ', '\n\t', '😀', 'é', 'e\u0301', '$1'];
  for (const ttlSeconds of [0, 60]) {
    const ask = lookups({
      tenantId,
      ttlSeconds,
      statement: `SELECT t AS id FROM unnest($2) AS t WHERE $1 = 'acme'`,
      input: [keys('String')],
    });
    for (let round = 0; round < 2; round += 1) {
      const { rows, missing } = await ask({ ids });
      assert.equal(
        rows.map((row) => row.id),
        ids,
      );
      assert.equal(missing, []);
    }
  }
});

test('UUID keys are found in whatever case they are asked for', async () => {
  const ask = lookups({
    tenantId,
    statement: `SELECT t AS id FROM unnest($2) AS t WHERE $1 = 'acme'`,
    input: [keys('UUID')],
  });
  const id = 'abcdef00-0000-4000-8000-000000000001';
  assert.equal((await ask({ ids: [id.toUpperCase(), id] })).rows, [{ id }]);
});

test('of several rows with a key the first counts; rows of other keys, or of none, are left out', async () => {
  const ask = lookups({
    tenantId,
    ttlSeconds: 60,
    statement: `SELECT id, n FROM (VALUES ('b', 1), ('a', 2), ('a', 3), ('uninvited', 4), (NULL, 5)) AS v(id, n)
      WHERE $1 = 'acme' AND cardinality($2) > 0 ORDER BY n`,
    input: [keys('String')],
  });
  for (const source of ['database', 'memory']) {
    const outcome = await ask({ ids: ['a', 'b', 'c'] });
    assert.equal(outcome.rows, [
      { id: 'a', n: 2 },
      { id: 'b', n: 1 },
    ]);
    assert.equal([outcome.missing, outcome.source], [['c'], source]);
  }
  assert.is((await ask({ ids: ['uninvited'] })).source, 'database', 'a row nobody asked for is not kept');
});

test('columns of every kind come out as valid JSON, with all their digits', async () => {
  const ask = lookups({
    tenantId,
    statement: `SELECT t AS id, '{"b": [1, {"c": null}],  "a": "\\u00e9"}'::json AS j, '{"x": 1.50}'::jsonb AS jb,
      12345678901234567890.123456789::numeric AS exact, 'NaN'::numeric AS nan, 'Infinity'::float8 AS endless,
      '\\xdeadbeef'::bytea AS bytes, ARRAY[1, NULL, 3] AS list, ARRAY[['a"', 'b\\']] AS lists, interval '1 day' AS span,
      date '2026-01-01' AS day, timestamptz '2026-01-01 00:00:00.5+00' AS moment, NULL::text AS nothing, true AS yes,
      E'a"\\\\\\n\\t\\u2028\\U0001F600\\x01' AS odd, ROW(1, 'x') AS pair, '{}'::int[] AS empty
      FROM unnest($2) AS t WHERE $1 = 'acme'`,
    input: [keys('String')],
  });
  const { body, rows } = await ask({ ids: ['a'] });
  assert.match(body, '"exact":12345678901234567890.123456789,');
  assert.match(body, '"jb":{"x": 1.50}');
  const { exact: _, ...row } = rows[0] ?? {};
  assert.equal(row, {
    id: 'a',
    j: { b: [1, { c: null }], a: 'é' },
    jb: { x: 1.5 },
    nan: 'NaN',
    endless: 'Infinity',
    bytes: '\\xdeadbeef',
    list: [1, null, 3],
    lists: [['a"', 'b\\']],
    span: '1 day',
    day: '2026-01-01',
    moment: '2026-01-01T00:00:00.5+00:00',
    nothing: null,
    yes: true,
    odd: 'a"\\\n\t\u2028😀\u0001',
    pair: { f1: 1, f2: 'x' },
    empty: [],
  });
});

test.after(() => database.stop());
test.run();
