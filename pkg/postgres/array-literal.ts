/**
 * Lists as PostgreSQL array literals. A list of lists has to be sent as a list of literals, since `unnest` flattens.
 * Source: PostgreSQL documentation, "Array Input and Output Syntax".
 */
const special = /[\s{},"\\]/;

/** Plain comparisons beside a plain class: one expression for all three costs twice as much. */
const needsQuotes = (item: string): boolean =>
  item === '' || special.test(item) || (item.length === 4 && item.toLowerCase() === 'null');

const element = (item: string | null): string => {
  if (item === null) return 'NULL';
  return needsQuotes(item) ? `"${item.replace(/["\\]/g, '\\$&')}"` : item;
};

/** @returns e.g. `{a,"b c",NULL}` */
export const arrayLiteral = (items: readonly (string | null)[]): string => `{${items.map(element).join(',')}}`;
