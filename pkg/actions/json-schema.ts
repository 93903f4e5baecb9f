/**
 * JSON Schema (2020-12, as OpenAPI 3.1 has it) as plain values, and the few forms that the description of a tenant is
 * made of. An integer that a double cannot hold is a bigint, see openapi-text.ts.
 */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

export const ref = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });

/** An object with these fields and no others. */
export const closedObject = (
  required: Readonly<Record<string, JsonSchema>>,
  optional: Readonly<Record<string, JsonSchema>> = {},
): JsonSchema => ({
  type: 'object',
  required: Object.keys(required),
  properties: { ...required, ...optional },
  additionalProperties: false,
});

export const listOf = (items: JsonSchema, minItems: number, maxItems?: number): JsonSchema => ({
  type: 'array',
  items,
  ...(minItems > 0 && { minItems }),
  ...(maxItems !== undefined && { maxItems }),
});

/** Text without U+0000. That lone surrogates are refused too cannot be said in a way that all validators read alike. */
export const storablePattern = String.raw`^[^\u0000]*$`;
