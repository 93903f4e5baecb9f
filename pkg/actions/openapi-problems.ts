/**
 * The answers that are not 200: one response for each status that the tenant's kinds of action can have, with its codes.
 *
 * Statuses come in from pkg/http, which alone knows them.
 */
import { type ErrorCode, errorCodes } from '../errors/codes.ts';
import { requestLimits } from '../process/limits.ts';
import type { ActionSpec } from '../tenant/action-spec.ts';
import { closedObject, type JsonSchema, listOf, ref } from './json-schema.ts';

export type Statuses = Readonly<Record<ErrorCode, number>>;

const ofEveryKind = [
  'invalid_json',
  'invalid_request',
  'unauthenticated',
  'method_not_allowed',
  'body_too_large',
  'unsupported_media_type',
  'rate_limited',
  'too_many_concurrent',
  'internal',
  'overloaded',
  'database_unavailable',
  'stopping',
  'deadline_exceeded',
] as const satisfies readonly ErrorCode[];

/** Every kind writes the audit log: the database is everyone's. */
const ofKind = {
  lookup: ['statement_failed'],
  transaction: ['statement_failed', 'conflict', 'idempotency_key_reused', 'answer_too_large'],
  cxone: ['cxone_failed', 'cxone_unavailable', 'answer_too_large'],
} as const satisfies Readonly<Record<ActionSpec['kind'], readonly ErrorCode[]>>;

/** In the order of the list of codes. */
export const codesOf = (kinds: ReadonlySet<ActionSpec['kind']>): readonly ErrorCode[] => {
  const possible = new Set<string>([...ofEveryKind, ...[...kinds].flatMap((kind) => ofKind[kind])]);
  return Object.keys(errorCodes).filter((code): code is ErrorCode => possible.has(code));
};

const text: JsonSchema = { type: 'string' };

/** RFC 9457, with a code, and the id that the log has too. */
export const problemSchema: JsonSchema = {
  description: 'RFC 9457. Programs branch on `code`.',
  ...closedObject(
    {
      type: { type: 'string', format: 'uri' },
      title: text,
      status: { type: 'integer' },
      code: text,
      detail: text,
      requestId: text,
    },
    {
      errors: {
        description: 'What is wrong, by path. Values are never shown.',
        ...listOf(closedObject({ path: text, expected: text }), 1, requestLimits.problemsMax),
      },
    },
  ),
};

export const answerHeaders = {
  'X-Request-Id': {
    description: "The request's id, its own or a new one; the log and the audit log have it too.",
    required: true,
    schema: { type: 'string', pattern: `^[A-Za-z0-9._:-]{1,${requestLimits.requestIdCharactersMax}}$` },
  },
  'Retry-After': {
    description: 'Seconds after which another try makes sense.',
    required: true,
    schema: { type: 'integer', minimum: 1 },
  },
  Allow: { description: 'The method that is answered.', required: true, schema: { type: 'string', const: 'POST' } },
} as const;

/** References into `components.headers`. */
export const headersNamed = (...names: readonly (keyof typeof answerHeaders)[]): JsonSchema =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));

const headersOf = (status: number): JsonSchema => {
  if (status === 429 || status === 503) return headersNamed('X-Request-Id', 'Retry-After');
  return status === 405 ? headersNamed('X-Request-Id', 'Allow') : headersNamed('X-Request-Id');
};

const problemOf = (status: number, codes: readonly ErrorCode[]): JsonSchema => ({
  description: codes.map((code) => `\`${code}\`: ${errorCodes[code].title}.`).join('\n\n'),
  headers: headersOf(status),
  content: {
    'application/json': {
      schema: {
        allOf: [
          ref('Problem'),
          { type: 'object', properties: { status: { const: status }, code: { enum: [...codes] } } },
        ],
      },
    },
  },
});

/** @returns responses by status */
export const problemResponses = (
  kinds: ReadonlySet<ActionSpec['kind']>,
  statuses: Statuses,
): Readonly<Record<string, JsonSchema>> => {
  const byStatus = Map.groupBy(codesOf(kinds), (code) => statuses[code]);
  const sorted = [...byStatus].toSorted(([a], [b]) => a - b);
  return Object.fromEntries(sorted.map(([status, codes]) => [status, problemOf(status, codes)]));
};
