/**
 * Whether a declared lookup is so plain that it can be run for several readings at once and nobody could tell: one SELECT of columns from tables
 * and views, with comparisons. By its text it has no parentheses but those of ANY, so that it calls no function; by its plan neither does a view or a
 * policy behind it, and nothing in it is worked out once for all. So nothing depends on how often, or in which order, a function is called, but for
 * those behind operators, casts and domains, which neither shows.
 *
 * What follows SELECT is not understood further: PostgreSQL has accepted the statement before.
 */

/** PostgreSQL's: what else is white space to JavaScript is part of a name. */
const space = '(?:[ \\t\\n\\r\\f]+)';

const lexemes = new RegExp(
  [
    space,
    String.raw`(?:<>|[<>]=?|=)${space}?any${space}?\(${space}?\$\d+${space}?\)`,
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

const calls = /([\w$".]+)\(/g;
/** What the shared form itself calls. */
const harmless: ReadonlySet<string> = new Set(['unnest', 'row_to_json', 'ROW']);
/** Worked out once for all readings, or not for each row; each parameter of the shared form is one. */
const apart = /^\s*(?:->\s+)?(?:InitPlan|SubPlan|CTE)\b/;
/** Rows that depend on the scan, on another server, or on who else reads them. */
const never = /\b(?:(?:Sample|Foreign|Custom) Scan|LockRows)\b/;

/** @param plan  lines of EXPLAIN VERBOSE without costs, of the shared form
 * @param parameters  how many it has */
export const isPlainPlan = (plan: readonly string[], parameters: number): boolean =>
  plan.length > 0 &&
  plan.filter((line) => apart.test(line)).length === parameters &&
  !plan.some((line) => never.test(line)) &&
  plan.every((line) => [...line.matchAll(calls)].every(([, name = '']) => harmless.has(name)));
