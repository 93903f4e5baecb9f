/**
 * Lists as PostgreSQL array literals. A list of lists has to be sent as a list of literals, since `unnest` flattens.
 * Source: PostgreSQL documentation, "Array Input and Output Syntax".
 */
const special = /[\s{},"\\]/;

/** Plain comparisons beside a plain class: one expression for all three costs twice as much. */
const needsQuotes = (item: string): boolean =>
  item === '' || special.test(item) || (item.length === 4 && item.toLowerCase() === 'null');

/** Mostly JSON: quotes, hardly ever backslashes. One expression for both costs half as much again. */
const escaped = (item: string): string =>
  (item.includes('\\') ? item.replaceAll('\\', '\\\\') : item).replaceAll('"', '\\"');

const element = (item: string | null): string => {
  if (item === null) return 'NULL';
  return needsQuotes(item) ? `"${escaped(item)}"` : item;
};

/** @returns e.g. `{a,"b c",NULL}` */
export const arrayLiteral = (items: readonly (string | null)[]): string => {
  let literal = '{';
  // Columns of audit rows are often one value over and over.
  let last: string | null | undefined;
  let lastElement = '';
  for (const item of items) {
    if (item !== last) lastElement = element(item);
    last = item;
    literal += literal.length === 1 ? lastElement : `,${lastElement}`;
  }
  return `${literal}}`;
};
