import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { castPlaceholders, trimStatement } from './placeholders.ts';

const cases: readonly (readonly [what: string, text: string, expected: string])[] = [
  ['a placeholder', 'a = $1', 'a = ($1::text)'],
  ['each place by its own type', '$2, $1, $2', '($2::uuid[]), ($1::text), ($2::uuid[])'],
  ['one that is cast already', '$1::varchar', '($1::text)::varchar'],
  ['one that is subscripted', '$2[1]', '($2::uuid[])[1]'],
  ['a place without a type not', '$3 + $1', '$3 + ($1::text)'],
  ['two digits as one place', '$12', '$12'],
  ['nothing in a string', `'$1' || $1`, `'$1' || ($1::text)`],
  ['nothing in a string with a doubled quote', `'it''s $1' || $1`, `'it''s $1' || ($1::text)`],
  ['nothing in a string that ends in a backslash', `'\\' || $1 || '\\'`, `'\\' || ($1::text) || '\\'`],
  ['nothing in an E-string with an escaped quote', `E'\\'$1' || $1`, `E'\\'$1' || ($1::text)`],
  ['nothing in an e-string that ends in a backslash', `e'\\\\' || $1`, `e'\\\\' || ($1::text)`],
  ['no E-string after an identifier that ends in e', `type'\\' || $1 || '\\'`, `type'\\' || ($1::text) || '\\'`],
  ['nothing in a quoted name', `"$1" = $1`, `"$1" = ($1::text)`],
  ['nothing in a quoted name with a quote', `"a""$1" = $1`, `"a""$1" = ($1::text)`],
  ['nothing in a dollar quote', `$$ $1 ' $$ || $1`, `$$ $1 ' $$ || ($1::text)`],
  ['nothing in a tagged dollar quote', `$a$ $1 $$ $b$ $a$ || $1`, `$a$ $1 $$ $b$ $a$ || ($1::text)`],
  ['nothing in a dollar quote tagged outside ASCII', `$é$ $1 $é$ || $1`, `$é$ $1 $é$ || ($1::text)`],
  ['nothing in an identifier with a dollar', 'a$1 = $1', 'a$1 = ($1::text)'],
  ['nothing in an identifier outside ASCII', 'é$1 = $1', 'é$1 = ($1::text)'],
  ['nothing in a line comment', `-- it's $1\n$1`, `-- it's $1\n($1::text)`],
  ['nothing in a line comment before a carriage return', '-- $1\r$1', '-- $1\r($1::text)'],
  ['nothing in a block comment', `/* it's $1 **/ $1`, `/* it's $1 **/ ($1::text)`],
  ['nothing in a nested comment', `/* a /* $1 */ ' $1 /**/ */ $1`, `/* a /* $1 */ ' $1 /**/ */ ($1::text)`],
];

for (const [what, text, expected] of cases) {
  test(`casts ${what}`, () => assert.is(castPlaceholders(text, ['text', 'uuid[]']), expected));
}

/** Pieces of SQL that are whole by themselves, with and without something that only looks like a placeholder. */
const opaque = fc.oneof(
  fc.string().map((text) => `'${text.replaceAll("'", "''").replaceAll('\0', '')}'`),
  fc.string().map((text) => `"${text.replaceAll('"', '""')}"`),
  fc.string().map((text) => `E'${text.replaceAll(/['\\]/g, '\\$&')}'`),
  fc.string().map((text) => `/*${text.replaceAll(/[*/]/g, '')}*/`),
  fc.string().map((text) => `--${text.replaceAll(/[\n\r]/g, '')}\n`),
  fc.string().map((text) => `$q$${text.replaceAll('$q$', '')}$q$`),
  fc.constantFrom(`'$1'`, `/* $1 */`, `$$$1$$`, 'a$1', '"$1"', '-- $1\n', `E'\\'$1'`),
);

test('changes no text outside of placeholders', () => {
  const piece = fc.oneof(
    opaque.map((text) => [text, text] as const),
    fc.constant(['$1', '($1::text)'] as const),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const text = pieces.map(([before]) => before).join(' ');
      assert.is(castPlaceholders(text, ['text']), pieces.map(([, after]) => after).join(' '));
    }),
    { numRuns: 2_000 },
  );
});

test('text of whatever kind costs linear or nearly linear time', () => {
  for (const part of [`'`, `''`, '/*', '/**', '$a$', '$', '"', `E'\\`, '--', '/* */ ']) {
    castPlaceholders(part.repeat(8_192 / part.length), ['text']);
  }
});

test('trims semicolons and white space from the end alone', () => {
  assert.is(trimStatement('SELECT 1 ; \n;\t'), 'SELECT 1');
  assert.is(trimStatement(` SELECT ';' `), ` SELECT ';'`);
});

test.run();
