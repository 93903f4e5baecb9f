/**
 * Lists as PostgreSQL array literals. A list of lists has to be sent as a list of literals, since `unnest` flattens.
 * Source: PostgreSQL documentation, "Array Input and Output Syntax".
 */
const needsQuotes = /[\s{},"\\]|^$|^null$/i;

const element = (item: string | null): string => {
  if (item === null) return 'NULL';
  return needsQuotes.test(item) ? `"${item.replace(/["\\]/g, '\\$&')}"` : item;
};

/** @returns e.g. `{a,"b c",NULL}` */
export const arrayLiteral = (items: readonly (string | null)[]): string => `{${items.map(element).join(',')}}`;
