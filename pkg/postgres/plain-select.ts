/**
 * Whether a declared lookup is so plain that it can be run for several readings at once and nobody could tell: one SELECT of columns from tables,
 * with comparisons, and nothing that is computed. No function is called, so that nothing depends on how often, or in which order, it is.
 *
 * Says no where it does not know. What follows SELECT is not understood further: PostgreSQL has accepted the statement before.
 */

const lexemes = new RegExp(
  [
    String.raw`\s+`,
    String.raw`any\s*\(\s*\$\d+\s*\)`,
    '[a-z_][a-z_0-9]*',
    '"[a-z_][a-z_0-9]*"',
    String.raw`\$?\d+`,
    String.raw`'[^'\\]*'`,
    '[,.*]',
    '<>|[<>]=?|=',
  ].join('|'),
  'giy',
);

/** A second SELECT stands for sub-queries and unions, FOR for locks; the others begin what is no plain SELECT either. */
const reserved = /\b(?:select|for|into|with|values|table)\b/i;

/** @param declared  without what may follow the last word */
export const isPlainSelect = (declared: string): boolean => {
  const rest = /^\s*select\b(.*)$/is.exec(declared)?.[1];
  if (rest === undefined || reserved.test(rest)) return false;
  // One lexeme after the other, never back: an expression for all of them could try for ever.
  let known = 0;
  for (const [lexeme] of rest.matchAll(lexemes)) known += lexeme.length;
  return known === rest.length;
};
