/**
 * One tenant's declared actions as an OpenAPI 3.1 document: what a caller may send, what comes back, how it is signed.
 *
 * Pure, made from the declaration alone: the same from a manifest and from the live configuration. Holds no secret, no
 * statement and no name of a column.
 */
import { requestLimits, tenantLimits } from '../process/limits.ts';
import { revisionOf } from '../tenant/revision.ts';
import type { DeclaredTenant } from './declared-tenant.ts';
import { type JsonSchema, ref } from './json-schema.ts';
import { answerSchema } from './openapi-answer.ts';
import { contextSchema, requestSchema } from './openapi-input.ts';
import { answerHeaders, headersNamed, problemResponses, problemSchema, type Statuses } from './openapi-problems.ts';
import { securitySchemes } from './openapi-security.ts';
import { openApiJson } from './openapi-text.ts';

interface DescribeOptions {
  readonly statuses: Statuses;
  /** Where `POST /data-action` is answered: `https://actions.example.com`. */
  readonly server: string;
}

const parameter = (name: string, description: string, schema: JsonSchema): JsonSchema => ({
  name,
  in: 'header',
  required: false,
  description,
  schema,
});

const parametersOf = ({ webhook, actions }: DeclaredTenant): readonly JsonSchema[] => [
  parameter(
    'X-Timeout-Ms',
    'Milliseconds that the caller gives us, if less than the deadline of the tenant. Anything else is ignored.',
    {
      type: 'integer',
      minimum: 1,
      maximum: tenantLimits.deadlineMsMax,
    },
  ),
  parameter('X-Request-Id', 'Comes back; one that cannot be used is replaced.', answerHeaders['X-Request-Id'].schema),
  parameter('traceparent', 'W3C Trace Context; one that cannot be read is ignored.', {
    type: 'string',
    pattern: '^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$',
  }),
  ...(webhook.scheme === 'CxoneExpert' ? [deliveryId] : []),
  ...(actions.some(({ kind }) => kind === 'transaction') ? [idempotencyKey] : []),
];

const visible: JsonSchema = { type: 'string', minLength: 1, maxLength: 255, pattern: String.raw`^[\x21-\x7e]*$` };

const deliveryId = parameter('X-Nexus-Delivery-Id', 'The id of the delivery, the same for a repeat.', visible);

const idempotencyKey = parameter(
  'Idempotency-Key',
  'For transactions: a repeat with the same key gets the first answer, for 24 hours.',
  visible,
);

/** One body, whatever it is labelled as: Studio's own label is the form's. */
const requestContent: JsonSchema = {
  'application/json': { schema: ref('Request') },
  ...Object.fromEntries(
    ['application/x-www-form-urlencoded', 'text/plain'].map((label) => [
      label,
      {
        schema: {
          description: 'The same JSON text under another label; `application/*+json` and none at all are taken too.',
          type: 'string',
          contentMediaType: 'application/json',
          contentSchema: ref('Request'),
        },
      },
    ]),
  ),
};

const operationOf = (tenant: DeclaredTenant, statuses: Statuses): JsonSchema => ({
  operationId: 'dataAction',
  summary: 'Calls a data action.',
  parameters: parametersOf(tenant),
  requestBody: {
    description: `At most ${requestLimits.bodyBytesMax} bytes unless the service is set otherwise; not compressed.`,
    required: true,
    content: requestContent,
  },
  responses: {
    '200': {
      description: `Answered, also when rows are missing. At most ${requestLimits.answerBytesMax} bytes.`,
      headers: headersNamed('X-Request-Id'),
      content: { 'application/json': { schema: ref('Answer') } },
    },
    ...problemResponses(new Set(tenant.actions.map(({ kind }) => kind)), statuses),
  },
});

const schemasOf = (tenant: DeclaredTenant): JsonSchema => {
  const names = tenant.actions.map(({ name }) => name);
  const mapping = Object.fromEntries(names.map((name) => [name, ref(`${name}.request`).$ref]));
  return {
    Request: {
      oneOf: names.map((name) => ref(`${name}.request`)),
      discriminator: { propertyName: 'action', mapping },
    },
    Answer: { description: 'Of the action that was called.', anyOf: names.map((name) => ref(`${name}.answer`)) },
    Context: contextSchema,
    Problem: problemSchema,
    ...Object.fromEntries(
      tenant.actions.flatMap((action) => [
        [`${action.name}.request`, requestSchema(action, tenant)],
        [`${action.name}.answer`, answerSchema(action, tenant.batchSize)],
      ]),
    ),
  };
};

/** @returns an OpenAPI 3.1 document; openapi-text.ts writes it. Its version changes when anything else in it does. */
export const describeTenant = (tenant: DeclaredTenant, { statuses, server }: DescribeOptions): JsonSchema => {
  const schemes = securitySchemes(tenant.webhook);
  const described = {
    servers: [{ url: server }],
    security: [Object.fromEntries(Object.keys(schemes).map((name) => [name, []]))],
    paths: { '/data-action': { post: operationOf(tenant, statuses) } },
    components: { schemas: schemasOf(tenant), headers: answerHeaders, securitySchemes: schemes },
  };
  const info = { title: `Data actions of ${tenant.tenantId}`, version: revisionOf(openApiJson(described)) };
  return { openapi: '3.1.0', info, ...described };
};
