/**
 * Requests as JSON Schema: what input-codec.ts and request.ts accept, said to callers. A change there is a change here:
 * a test generates bodies and compares the two.
 *
 * Not said, because JSON Schema cannot: lone surrogates in text, integers beyond 2^53 written with a fraction or an
 * exponent, keys that would fill an answer by themselves, text that the path of a CXone call cannot hold, patterns without
 * a counterpart in ECMA-262.
 */
import { requestLimits } from '../process/limits.ts';
import type { ActionSpec } from '../tenant/action-spec.ts';
import type { InputSpec } from '../tenant/input-spec.ts';
import { batchInputs } from './batch-inputs.ts';
import type { DeclaredTenant } from './declared-tenant.ts';
import { ecmaPattern } from './ecma-pattern.ts';
import { closedObject, type JsonSchema, listOf, ref, storablePattern } from './json-schema.ts';

const uuidSchema: JsonSchema = {
  type: 'string',
  format: 'uuid',
  pattern: '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$',
};

const integerSchema: JsonSchema = { type: 'integer', format: 'int64', minimum: -(2n ** 63n), maximum: 2n ** 63n - 1n };

const numberSchema: JsonSchema = {
  type: 'number',
  format: 'double',
  minimum: -Number.MAX_VALUE,
  maximum: Number.MAX_VALUE,
};

const year = '(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])';
const leapYear = '(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)';
const monthAndDay =
  '(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))';
const timeAndOffset =
  '(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1,9})?(?:[Zz]|[+-](?:0[0-9]|1[0-5]):[0-5][0-9])';

/** The days that exist, as the calendar has them: what timestamp.ts accepts. Not `date-time`, which knows no space. */
const timestampSchema: JsonSchema = {
  type: 'string',
  description: 'RFC 3339; a space may stand for the T.',
  pattern: `^(?:${year}-${monthAndDay}|${leapYear}-02-29)[Tt ]${timeAndOffset}$`,
};

const stringSchema = (input: InputSpec): JsonSchema => {
  if (input.enum) return { type: 'string', enum: [...new Set(input.enum)] };
  const { minLength = 0, maxLength = requestLimits.stringCharactersMax, pattern } = input;
  const declared = pattern === undefined ? undefined : ecmaPattern(pattern);
  return {
    type: 'string',
    ...(minLength > 0 && { minLength }),
    maxLength,
    pattern: storablePattern,
    ...(declared !== undefined && { allOf: [{ pattern: declared }] }),
    ...(pattern !== undefined && { description: `The regular expression ${pattern} (RE2 syntax) is found in it.` }),
  };
};

const scalarSchema = (input: InputSpec): JsonSchema => {
  switch (input.type) {
    case 'UUID':
      return uuidSchema;
    case 'String':
      return stringSchema(input);
    case 'Integer':
      return integerSchema;
    case 'Number':
      return numberSchema;
    case 'Boolean':
      return { type: 'boolean' };
    case 'Timestamp':
      return timestampSchema;
  }
};

/** What an answer says of a key: as PostgreSQL writes it. */
export const keySchema = (input: InputSpec | undefined): JsonSchema => {
  if (input?.type === 'Integer') return integerSchema;
  return input?.type === 'UUID' ? { type: 'string', format: 'uuid' } : { type: 'string' };
};

const fieldSchema = (
  input: InputSpec,
  batch: { readonly names: readonly string[]; readonly max: number },
): JsonSchema => {
  if (!input.list) return scalarSchema(input);
  const [min, max] = batch.names.includes(input.name) ? [1, batch.max] : [0, requestLimits.listItemsMax];
  return listOf(scalarSchema(input), min, max);
};

const inputSchema = (action: ActionSpec, { tenantId, batchSize }: DeclaredTenant): JsonSchema => {
  const required: Record<string, JsonSchema> = { tenant_id: { type: 'string', const: tenantId } };
  const optional: Record<string, JsonSchema> = {};
  const batch = { names: batchInputs(action), max: batchSize };
  for (const input of action.input) {
    const field = fieldSchema(input, batch);
    (input.optional ? optional : required)[input.name] = field;
  }
  return closedObject(required, optional);
};

const does: Readonly<Record<ActionSpec['kind'], string>> = {
  lookup: 'Looks rows up by their keys.',
  transaction: 'Changes rows: all of it takes effect, or nothing does. Takes an Idempotency-Key.',
  cxone: "Calls the tenant's CXone API.",
};

/** The body that calls this action. */
export const requestSchema = (action: ActionSpec, tenant: DeclaredTenant): JsonSchema => ({
  title: action.name,
  description: does[action.kind],
  ...closedObject(
    { action: { type: 'string', const: action.name }, input: inputSchema(action, tenant) },
    { context: ref('Context') },
  ),
});

export const contextSchema: JsonSchema = {
  description: 'Goes into the audit log and nowhere else, for example the id of the contact.',
  type: 'object',
  maxProperties: requestLimits.contextEntriesMax,
  propertyNames: { minLength: 1, maxLength: requestLimits.contextKeyCharactersMax, pattern: storablePattern },
  additionalProperties: {
    type: 'string',
    maxLength: requestLimits.contextValueCharactersMax,
    pattern: storablePattern,
  },
};
