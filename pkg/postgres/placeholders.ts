/**
 * Finds `$1`, `$2`, … in a declared statement and gives each its type, so that PostgreSQL refuses a mismatch when the
 * configuration arrives and not when a caller's value does.
 *
 * Knows just enough of SQL's lexical rules to leave strings, quoted names, comments and identifiers alone.
 * Source: PostgreSQL documentation, "Lexical Structure".
 */

// Comments nest; deeper than this is nobody's comment.
const nestedComments = 8;
const blockComment = Array.from({ length: nestedComments }).reduce<string>(
  (inner) => String.raw`/\*(?:[^*/]|\*(?!/)|/(?!\*)${inner && `|${inner}`})*\*/`,
  '',
);

const lexeme = new RegExp(
  [
    String.raw`[eE]'(?:[^'\\]|\\[\s\S]|'')*'`,
    `'(?:[^']|'')*'`,
    `"(?:[^"]|"")*"`,
    String.raw`--[^\n\r]*`,
    blockComment,
    String.raw`\$([A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$[\s\S]*?\$\1\$`,
    String.raw`[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*`,
    String.raw`\$(\d+)`,
  ].join('|'),
  'g',
);

/** @param replacement  of `$1`, `$2`, …; undefined: it is left as it is */
export const replacePlaceholders = (text: string, replacement: (place: number) => string | undefined): string =>
  // Named groups would cost an object for each word.
  text.replace(lexeme, (found: string, _tag: string | undefined, place: string | undefined) =>
    place === undefined ? found : (replacement(Number(place)) ?? found),
  );

/** @returns the greatest n of a `$n` that PostgreSQL takes for a parameter, 0 where there is none */
export const lastPlaceholder = (text: string): number => {
  let last = 0;
  replacePlaceholders(text, (place) => {
    last = Math.max(last, place);
    return undefined;
  });
  return last;
};

/** @param types  PostgreSQL type of `$1`, `$2`, …
 * @returns the statement with `($1::text)` for `$1` and so on; a place without a type is left as it is */
export const castPlaceholders = (text: string, types: readonly string[]): string =>
  replacePlaceholders(text, (place) => {
    const type = types[place - 1];
    return type === undefined ? undefined : `($${place}::${type})`;
  });

/** Without what may follow the last word: white space and semicolons. */
export const trimStatement = (text: string): string => text.replace(/[\s;]+$/, '');
