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
import type { InputType } from '../../pkg/tenant/input-spec.ts';
import { prepareDatabase } from '../services/database.ts';
import { openDatabase } from '../services/open-database.ts';
import { startPostgres } from '../services/postgres.ts';

const postgres = await startPostgres();
const { url } = await prepareDatabase(postgres);
const database = openDatabase({ url });
await database.answers();
const runs = { numRuns: 300 };

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

test('a list of texts comes out of unnest as it went in, NULLs included', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.option(item)), async (items) => {
      const rows = await database.run(
        'SELECT to_json(x) AS x FROM unnest($1::text[]) WITH ORDINALITY AS u(x, n) ORDER BY n',
        arrayLiteral(items),
      );
      assert.equal(
        rows.map((row) => row.x),
        items,
      );
    }),
    runs,
  );
});

test('a list of lists comes out as it went in', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(item)), async (lists) => {
      const literal = arrayLiteral(lists.map(arrayLiteral));
      const rows = await database.run(
        'SELECT to_json(x::text[]) AS x FROM unnest($1::text[]) WITH ORDINALITY AS u(x, n) ORDER BY n',
        literal,
      );
      assert.equal(
        rows.map((row) => row.x),
        lists,
      );
    }),
    runs,
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
  const texts = fc.sample(timestamps, 5_000).filter(isTimestamp);
  assert.ok(texts.length > 4_000);
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

for (const [type, values] of Object.entries(valuesOf)) {
  test(`a list of ${type} that is accepted is one to PostgreSQL`, async () => {
    const spec = { name: 'x', type: type as InputType, list: true, optional: false };
    const decode = compileInput([spec], { tenantId: 'acme' });
    await fc.assert(
      fc.asyncProperty(fc.array(values, { maxLength: 5 }), async (x) => {
        const read = decode({ tenant_id: 'acme', x });
        fc.pre(read.ok);
        const bound = bindParameter(read.value.x);
        const rows = await database.run(`SELECT cardinality($1::${postgresTypeOf(spec)}) AS n`, bound ?? '');
        assert.equal(rows, [{ n: x.length }]);
      }),
      runs,
    );
  });
}

test.after(() => database.stop());
test.run();
