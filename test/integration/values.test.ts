/**
 * What the validators accept, PostgreSQL accepts, and what goes into a parameter comes out of it.
 *
 * also over docker
 */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compileInput } from '../../pkg/actions/input-codec.ts';
import { isTimestamp } from '../../pkg/actions/timestamp.ts';
import { arrayLiteral } from '../../pkg/postgres/array-literal.ts';
import { bindParameter, postgresTypeOf } from '../../pkg/postgres/parameter.ts';
import { type InputType, inputTypes } from '../../pkg/tenant/input-spec.ts';
import { prepareDatabase } from '../services/database.ts';
import { openDatabase } from '../services/open-database.ts';
import { startPostgres } from '../services/postgres.ts';

const postgres = await startPostgres();
const { url } = await prepareDatabase(postgres);
const database = openDatabase({ url });
await database.answers();
const samples = 2_000;

const storable = fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0') && text.isWellFormed());
const awkward = fc.constantFrom(
  '',
  'NULL',
  'null',
  ' ',
  '\t',
  '\v\f\r\n',
  '{',
  '}',
  ',',
  '"',
  '\\',
  '\\"',
  '{}',
  '😀',
  '\u00a0',
  `'`,
);
const item = fc.oneof(awkward, storable);

test('lists come out as they went in, in a list of lists and alone, NULLs included', async () => {
  const lists = fc.sample(fc.array(fc.option(item)), samples);
  const nested = await database.run(
    'SELECT to_json(x::text[]) AS x FROM unnest($1::text[]) WITH ORDINALITY AS u(x, n) ORDER BY n',
    arrayLiteral(lists.map(arrayLiteral)),
  );
  for (const [at, row] of nested.entries()) assert.equal(row.x, lists[at]);
  assert.is(nested.length, lists.length);
  const flat = await database.run(
    'SELECT to_json(x) AS x FROM unnest($1::text[]) WITH ORDINALITY AS u(x, n) ORDER BY n',
    arrayLiteral(lists.flat()),
  );
  assert.equal(
    flat.map((row) => row.x),
    lists.flat(),
  );
});

const pad = (width: number) => (value: number) => String(value).padStart(width, '0');
const part = (min: number, max: number, width = 2) =>
  fc.oneof(fc.constantFrom(min, max), fc.integer({ min, max })).map(pad(width));
const timestamps = fc
  .tuple(
    part(1, 9_999, 4),
    part(1, 12),
    part(1, 31),
    fc.constantFrom('T', 't', ' '),
    part(0, 23),
    part(0, 59),
    part(0, 59),
    fc.constantFrom('', '.1', '.123456789', '.999999999'),
    fc.oneof(
      fc.constantFrom('Z', 'z'),
      fc.tuple(fc.constantFrom('+', '-'), part(0, 15), part(0, 59)).map(([sign, h, m]) => `${sign}${h}:${m}`),
    ),
  )
  .map(([y, mo, d, t, h, mi, s, f, z]) => `${y}-${mo}-${d}${t}${h}:${mi}:${s}${f}${z}`);

test('every timestamp that is accepted is one to PostgreSQL', async () => {
  const texts = fc.sample(timestamps, 2 * samples).filter(isTimestamp);
  assert.ok(texts.length > samples);
  const rows = await database.run(
    'SELECT x::timestamptz IS NOT NULL AS there FROM unnest($1::text[]) AS u(x)',
    arrayLiteral(texts),
  );
  assert.is(rows.filter((row) => row.there === true).length, texts.length);
});

const valuesOf: Readonly<Record<InputType, fc.Arbitrary<unknown>>> = {
  UUID: fc.oneof(
    fc.uuid(),
    fc.uuid().map((text) => text.toUpperCase()),
  ),
  String: fc.oneof(item, fc.string({ maxLength: 3 })),
  Integer: fc.oneof(
    fc.maxSafeInteger(),
    fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }),
    fc.constantFrom(2n ** 63n - 1n, -(2n ** 63n), -0),
  ),
  Number: fc.oneof(fc.double(), fc.bigInt(), fc.constantFrom(5e-324, -0, Number.MAX_VALUE, 2n ** 1_023n)),
  Boolean: fc.boolean(),
  Timestamp: timestamps,
};

for (const type of inputTypes) {
  test(`every ${type} that is accepted is one to PostgreSQL, alone and in a list`, async () => {
    const spec = { name: 'x', type, list: false, optional: false };
    const input = compileInput([spec], { tenantId: 'acme' });
    const accepted = fc.sample(valuesOf[type], samples).flatMap((x) => {
      const read = input.decode({ tenant_id: 'acme', x });
      return read.ok && read.value.x !== undefined ? [bindParameter(read.value.x) ?? ''] : [];
    });
    assert.ok(accepted.length > samples / 4);
    const scalar = postgresTypeOf(spec);
    const list = postgresTypeOf({ type, list: true });
    const rows = await database.run(
      `SELECT x::${scalar} IS NOT DISTINCT FROM y AS same
       FROM ROWS FROM (unnest($1::text[]), unnest($1::text[]::${list})) AS u(x, y)`,
      arrayLiteral(accepted),
    );
    assert.is(rows.filter((row) => row.same === true).length, accepted.length);
  });
}

test.after(() => database.stop());
test.run();
