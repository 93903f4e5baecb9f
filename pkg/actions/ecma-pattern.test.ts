import * as fc from 'fast-check';
import { RE2JS } from 're2js';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ecmaPattern } from './ecma-pattern.ts';

test('what both syntaxes have is translated', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['^[A-Z]{2}\\d+$', '^[A-Z]{2}\\d+$'],
    ['a|b*?', 'a|b*?'],
    ['(?P<year>\\d)(?<day>.)()', '(?:\\d)(?:[^\\n])(?:)'],
    ['\\A\\s\\S\\z', '^[\\t\\n\\f\\r ][^\\t\\n\\f\\r ]$'],
    ['[]a][^\\]b-]', '[\\]a][^\\]b\\-]'],
    ['[\\s-]', '[\\t\\n\\f\\r \\-]'],
    ['a{ x{,3} \\@ \\- \\x41 \\x{1F600} \\a', 'a\\{ x\\{,3\\} @ - A 😀 \\x07'],
  ];
  for (const [declared, expected] of cases) assert.is(ecmaPattern(declared), expected, declared);
});

test('what JSON Schema cannot say is not guessed', () => {
  for (const pattern of ['(?i)a', '(?s:.)', '[[:alpha:]]', '\\pL', '\\p{Greek}', '\\Qa.b\\E', '^*', '\\C']) {
    assert.is(ecmaPattern(pattern), undefined, pattern);
  }
});

const piece = fc.constantFrom(
  ...['a', 'b', '-', '.', '^', '$', '|', '(', '(?:', ')', '*', '+?', '{1,2}', '{', '[', '[^', ']', '\\d', '\\s', '\\W'],
  ...['\\b', '\\n', '\\.', '\\-', '\\x41', ' ', '1', '_', '/', 'é', '😀', ','],
);
const letter = fc.constantFrom(
  'a',
  'b',
  '-',
  '.',
  ' ',
  '\n',
  '\r',
  '1',
  'A',
  '_',
  '/',
  'é',
  '😀',
  '\u2028',
  '[',
  '{',
  ',',
);

const compiled = (pattern: string): RE2JS | undefined => {
  try {
    return RE2JS.compile(pattern);
  } catch {
    return undefined;
  }
};

test('a translation finds what the declared pattern finds', () => {
  let translated = 0;
  void fc.assert(
    fc.property(
      fc.array(piece, { minLength: 1, maxLength: 8 }).map((pieces) => pieces.join('')),
      fc.array(fc.array(letter, { maxLength: 6 }), { minLength: 1, maxLength: 10 }),
      (pattern, texts) => {
        const declared = compiled(pattern);
        const other = declared && ecmaPattern(pattern);
        if (declared === undefined || other === undefined) return;
        translated += 1;
        for (const letters of texts) {
          const text = letters.join('');
          assert.is(new RegExp(other, 'u').test(text), declared.matcher(text).find(), `${pattern} on ${text}`);
        }
      },
    ),
    { numRuns: 5_000 },
  );
  assert.ok(translated > 500, `${translated}`);
});

test.run();
