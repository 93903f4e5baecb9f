/**
 * A document as text, with integers beyond 2^53 as they are: bounds of an int8 that were rounded would be wrong.
 */
import type { JsonSchema } from './json-schema.ts';

const exact = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? JSON.rawJSON(value.toString()) : value;

export const openApiJson = (document: JsonSchema): string => JSON.stringify(document, exact, 2);
