/**
 * Input types as PostgreSQL types, and validated values as the text PostgreSQL reads.
 */
import type { InputSpec } from '../tenant/input-spec.ts';
import { arrayLiteral } from './array-literal.ts';
import type { BoundValue } from './statement.ts';

const postgresTypes = {
  UUID: 'uuid',
  String: 'text',
  Integer: 'int8',
  Number: 'float8',
  Boolean: 'bool',
  Timestamp: 'timestamptz',
} as const satisfies Record<InputSpec['type'], string>;

export const postgresTypeOf = (input: Pick<InputSpec, 'type' | 'list'>): string =>
  postgresTypes[input.type] + (input.list ? '[]' : '');

/** @returns the PostgreSQL type of each parameter; `tenant_id` is text */
export const typesOf = (parameters: readonly string[], inputs: readonly InputSpec[]): readonly string[] =>
  parameters.map((name) => {
    const input = inputs.find((each) => each.name === name);
    return input ? postgresTypeOf(input) : 'text';
  });

export type ScalarValue = string | number | bigint | boolean;

/** @param value  validated; undefined = an optional input that was left out */
export const bindParameter = (value: ScalarValue | readonly ScalarValue[] | undefined): BoundValue => {
  if (value === undefined) return null;
  return typeof value === 'object' ? arrayLiteral(value.map(String)) : String(value);
};
