/**
 * DataActionConfigs that are valid, of every kind, from fast-check: each field here or left out, at its bounds and between.
 */
import * as fc from 'fast-check';
import { requestLimits, tenantLimits } from '../../pkg/process/limits.ts';
import { cxoneMethods } from '../../pkg/tenant/cxone-action-spec.ts';
import { inputTypes } from '../../pkg/tenant/input-spec.ts';
import { isolationLevels } from '../../pkg/tenant/transaction-spec.ts';
import { webhookEncodings, webhookSchemes } from '../../pkg/tenant/webhook-spec.ts';

export type Fields = { readonly [field: string]: unknown };

interface Input extends Fields {
  readonly name: string;
  readonly type: string;
  readonly list?: boolean;
  readonly optional?: boolean;
}

export const manifestOf = (spec: unknown): Fields => ({
  apiVersion: 'dataactions.dev/v1alpha1',
  kind: 'DataActionConfig',
  metadata: { name: 'judged' },
  spec,
});

const whole = (min: number, max: number) => fc.oneof(fc.constantFrom(min, max), fc.integer({ min, max }));
const word = (first: string, rest: string, max: number) =>
  fc
    .tuple(fc.constantFrom(...first), fc.string({ unit: fc.constantFrom(...rest), maxLength: max - 1 }))
    .map((parts) => parts.join(''));

const letters = 'abcXYZ';
const identifier = fc.oneof(word(letters, `${letters}019_`, 8), fc.constantFrom('_', '_a', 'a'.repeat(63)));
const actionName = fc.oneof(word(`${letters}_`, `${letters}0._-`, 8), fc.constant('n'.repeat(63)));
const objectName = fc.constantFrom('a', 'acme-webhook', 'a.b-c.d0', 'a'.repeat(253));
const output = fc.constantFrom('customers', 'rows', 'counts', '_');
/** Of one to four characters in UTF-8. */
const character = fc.constantFrom('a', 'Z', ' ', '"', 'é', '漢', '😀', '\n', '\u{7f}', '�');
const anyText = (max: number) => fc.oneof(fc.string({ unit: character, maxLength: 9 }), fc.constant('😀'.repeat(max)));

const some = <T>(fields: { readonly [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record({ ...fields }, { requiredKeys: [] });

const webhook = fc
  .tuple(
    fc.array(
      fc.record(
        { name: objectName, key: fc.constantFrom('current', '.', 'k'.repeat(253)), optional: fc.boolean() },
        { requiredKeys: ['name', 'key'] },
      ),
      { minLength: 1, maxLength: tenantLimits.webhookKeysMax },
    ),
    some({
      scheme: fc.constantFrom(...webhookSchemes),
      header: fc.constantFrom('X-Signature', "!#$%&'*+-.^_`|~09aZ", 'Hosted', 'h'.repeat(64)),
      encoding: fc.constantFrom(...webhookEncodings),
      toleranceSeconds: whole(1, tenantLimits.toleranceSecondsMax),
    }),
  )
  .map(([secretRefs, rest]) => ({ secretRefs, ...rest }));

const limits = some({
  requestsPerSecond: whole(1, tenantLimits.requestsPerSecondMax),
  burst: whole(1, tenantLimits.burstMax),
  concurrency: whole(1, tenantLimits.concurrencyMax),
  deadlineMilliseconds: whole(tenantLimits.deadlineMsMin, tenantLimits.deadlineMsMax),
  batchSize: whole(1, requestLimits.batchSizeMax),
});

const cache = some({
  ttlSeconds: whole(0, tenantLimits.ttlSecondsMax),
  missingTtlSeconds: whole(0, tenantLimits.ttlSecondsMax),
});

const stringRules = fc.tuple(whole(0, 1_024), whole(0, 1_024)).chain(([a, b]) =>
  some({
    minLength: fc.constant(Math.min(a, b)),
    maxLength: fc.constant(Math.max(a, b)),
    pattern: fc.constantFrom('^(a+)+$', '\\p{L}+', '(?i)x', 'p'.repeat(512), '.'),
    enum: fc.array(anyText(1_024), { minLength: 1, maxLength: 3 }),
  }),
);

const input: fc.Arbitrary<Input> = fc
  .record(
    { name: identifier, type: fc.constantFrom(...inputTypes), list: fc.boolean(), optional: fc.boolean() },
    { requiredKeys: ['name', 'type'] },
  )
  .chain((base) => (base.type === 'String' ? stringRules.map((rules) => ({ ...base, ...rules })) : fc.constant(base)));

const inputs = fc.uniqueArray(input, { maxLength: 4, selector: ({ name }) => name });
const keyInput: fc.Arbitrary<Input> = fc.record({
  name: fc.constantFrom('ids', 'id_list'),
  type: fc.constantFrom('UUID', 'String', 'Integer'),
  list: fc.constant(true),
});
const withKeys = fc
  .tuple(keyInput, inputs)
  .map(([keys, others]) => [keys, ...others.filter(({ name }) => name !== keys.name)]);

/** Names some of `declared`, after those that have to be there. */
const parametersOf = (needed: readonly string[], declared: readonly Input[]) =>
  fc
    .array(fc.constantFrom('tenant_id', ...declared.map(({ name }) => name)), { maxLength: 21 - 1 - needed.length })
    .map((more) => ['tenant_id', ...needed, ...more]);

const filler = fc.constantFrom(
  '',
  ' -- $0 and $01 are none',
  " 'it''s € 5'",
  ' u & v',
  ' pg_advisory_xact_lock',
  ' é漢😀',
);
const statementOf = (parameters: readonly string[]) =>
  fc
    .tuple(filler, fc.constantFrom(0, tenantLimits.statementCharactersMax))
    .map(([end, length]) => `SELECT ${parameters.map((_, at) => `$${at + 1}`).join(', ')}${end}`.padEnd(length));

const lookupAction = fc.tuple(actionName, withKeys).chain(([name, declared]) => {
  const keys = declared[0]?.name ?? '';
  return parametersOf([keys], declared).chain((parameters) =>
    statementOf(parameters)
      .chain((statement) => fc.record({ statement: fc.constant(statement), keyColumn: identifier, output }))
      .map((rest) => ({ name, input: declared, lookup: { parameters, keys, ...rest } })),
  );
});

const statement = (declared: readonly Input[], perKey: boolean) =>
  parametersOf(perKey ? [declared[0]?.name ?? ''] : [], declared).chain((parameters) =>
    fc.record(
      {
        text: statementOf(parameters),
        parameters: fc.constant(parameters),
        expectRows: fc.constantFrom(...(perKey ? ['PerKey'] : ['Any', 'AtLeastOne'])),
      },
      { requiredKeys: perKey ? ['text', 'parameters', 'expectRows'] : ['text', 'parameters'] },
    ),
  );

const transactionAction = fc.tuple(actionName, withKeys).chain(([name, declared]) =>
  fc
    .tuple(
      fc.array(
        fc.boolean().chain((perKey) => statement(declared, perKey)),
        { minLength: 1, maxLength: 3 },
      ),
      some({ isolation: fc.constantFrom(...isolationLevels), invalidates: fc.constant([]) }),
      fc.boolean(),
    )
    .map(([statements, rest, answers]) => ({
      name,
      input: declared,
      transaction: {
        ...rest,
        statements: statements.map((each, at) => (answers ? { ...each, output: `rows${at}` } : each)),
      },
    })),
);

const body = fc.oneof(
  fc.jsonValue({ maxDepth: 3, stringUnit: character }),
  fc.constantFrom('{id}', { a: ['{id}', 'x{id}'] }, {}, null),
);
const cxoneAction = fc
  .record(
    {
      method: fc.constantFrom(...cxoneMethods),
      path: fc.constantFrom(
        '/',
        '/v1/contacts/{id}',
        '/a.b/..c/{id}{id}',
        "/a-._~%!$&'()*+,;=:@",
        `/${'p'.repeat(2_047)}`,
      ),
      query: fc.dictionary(
        fc.constantFrom('fields', 'é', '__proto__', 'q'.repeat(64)),
        fc.constantFrom('', 'state', 'x{id}{ids}', '{id}'.repeat(8)),
      ),
      body,
      output,
    },
    { requiredKeys: ['method', 'path', 'output'] },
  )
  .map(({ body, ...call }) => ({
    name: 'call',
    input: [
      { name: 'id', type: 'Integer' },
      { name: 'ids', type: 'UUID', list: true, optional: true },
    ],
    cxone: call.method === 'GET' || body === undefined ? call : { ...call, body },
  }));

const actions = fc
  .uniqueArray(fc.oneof(lookupAction, transactionAction, cxoneAction), {
    minLength: 1,
    maxLength: 4,
    selector: ({ name }) => name,
  })
  .map((list) => {
    const lookups = list.flatMap((action) => ('lookup' in action ? [action.name] : []));
    return list.map((action) =>
      'transaction' in action && 'invalidates' in action.transaction
        ? { ...action, transaction: { ...action.transaction, invalidates: lookups } }
        : action,
    );
  });

const url = fc.constantFrom(
  'https://a',
  'HTTPS://cxone.niceincontact.com/x/',
  'https://127.0.0.1:65535/',
  'https://a-b.c--d.e:0/%20',
);
const grants = fc.constantFrom(
  {},
  { grant: 'Password' },
  { grant: 'ClientCredentials', tokenUrl: 'https://a.example/token', apiBase: 'https://b.example' },
);
const cxone = fc
  .tuple(
    grants,
    some({
      issuer: url,
      scopes: fc.array(fc.constantFrom('!', 'a.b:c', 's'.repeat(128)), { maxLength: 20 }),
      requestsPerSecond: whole(1, tenantLimits.cxoneRequestsPerSecondMax),
    }),
    objectName,
  )
  .map(([grant, rest, name]) => ({ ...rest, ...grant, secretRef: { name } }));

const audits = fc.oneof(
  fc.constantFrom({}, { audit: 'EveryRequest' }, { audit: 'DatabaseReads' }),
  whole(0, tenantLimits.staleIfErrorSecondsMax).map((staleIfErrorSeconds) => ({
    audit: 'DatabaseReads',
    cache: { staleIfErrorSeconds },
  })),
);

/** A spec that parser and API server both take. */
export const validSpecs: fc.Arbitrary<Fields> = fc
  .tuple(
    fc.constantFrom('acme', '0', '11ef6a32-c573-6d80-b014-0242ac110004', 'A._-'.padEnd(63, 'z')),
    webhook,
    some({ suspend: fc.boolean(), limits, cache, actions }),
    audits,
    cxone,
  )
  .map(([tenantId, webhook, rest, audit, cxone]) => ({ tenantId, webhook, ...rest, ...audit, cxone }));

/** A valid spec that has every field but for those that exclude another. */
export const everyKind: Fields = {
  tenantId: 'acme',
  suspend: false,
  webhook: {
    scheme: 'HmacBody',
    header: 'X-Signature',
    encoding: 'Hex',
    toleranceSeconds: 300,
    secretRefs: [{ name: 'acme-webhook', key: 'current', optional: false }],
  },
  limits: { requestsPerSecond: 1, burst: 1, concurrency: 1, deadlineMilliseconds: 50, batchSize: 1 },
  cache: { ttlSeconds: 1, missingTtlSeconds: 1, staleIfErrorSeconds: 1 },
  audit: 'DatabaseReads',
  actions: [
    {
      name: 'find',
      input: [
        {
          name: 'spare',
          type: 'String',
          list: false,
          optional: false,
          minLength: 1,
          maxLength: 9,
          pattern: '^a',
          enum: ['a'],
        },
        { name: 'ids', type: 'UUID', list: true },
        { name: 'word', type: 'String' },
      ],
      lookup: {
        statement: 'SELECT $1, $2, $3',
        parameters: ['tenant_id', 'ids', 'word'],
        keys: 'ids',
        keyColumn: 'id',
        output: 'rows',
      },
    },
    {
      name: 'set',
      input: [
        { name: 'ids', type: 'UUID', list: true },
        { name: 'n', type: 'Integer' },
      ],
      transaction: {
        isolation: 'Serializable',
        statements: [
          { text: 'SELECT $1, $2, $3', parameters: ['tenant_id', 'ids', 'n'], expectRows: 'PerKey', output: 'one' },
          { text: 'SELECT $1', parameters: ['tenant_id'], expectRows: 'Any', output: 'two' },
        ],
        invalidates: ['found'],
      },
    },
    {
      name: 'found',
      input: [{ name: 'ids', type: 'Integer', list: true }],
      lookup: {
        statement: 'SELECT $1, $2',
        parameters: ['tenant_id', 'ids'],
        keys: 'ids',
        keyColumn: 'id',
        output: 'rows',
      },
    },
    {
      name: 'call',
      input: [
        { name: 'id', type: 'Integer' },
        { name: 'ids', type: 'UUID', list: true },
        { name: 'perhaps', type: 'String', optional: true },
      ],
      cxone: { method: 'PUT', path: '/v1/{id}', query: { q: '{ids}' }, body: { a: '{id}' }, output: 'answer' },
    },
  ],
  cxone: {
    grant: 'ClientCredentials',
    issuer: 'https://a.example',
    tokenUrl: 'https://b.example/token',
    apiBase: 'https://c.example',
    scopes: ['a', 'b'],
    secretRef: { name: 'acme-cxone' },
    requestsPerSecond: 1,
  },
};
