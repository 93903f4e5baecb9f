import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tenantLimits } from '../process/limits.ts';
import { defaultActions } from './actions-spec.ts';
import { outlineConfig, parseDataActionConfig } from './data-action-config.ts';
import { encodeSpec } from './spec.ts';

type Fields = Readonly<Record<string, unknown>>;

const secretRefs = [{ name: 'acme-webhook', key: 'current' }];
const spec: Fields = { tenantId: 'acme', webhook: { secretRefs } };
const manifest = (fields: Fields): unknown => ({
  apiVersion: 'dataactions.dev/v1alpha1',
  kind: 'DataActionConfig',
  metadata: { name: 'acme' },
  spec: { ...spec, ...fields },
});

const lookup = {
  statement: 'SELECT id FROM t WHERE tenant_id = $1 AND id = ANY($2)',
  parameters: ['tenant_id', 'ids'],
  keys: 'ids',
  keyColumn: 'id',
  output: 'rows',
};
const ids = { name: 'ids', type: 'UUID', list: true };
const find = { name: 'find', input: [ids], lookup };
const set = {
  name: 'set',
  input: [ids, { name: 'status', type: 'String' }],
  transaction: {
    statements: [
      { text: 'UPDATE t SET s = $3 WHERE x = $1 AND id = ANY($2)', parameters: ['tenant_id', 'ids', 'status'] },
    ],
    invalidates: ['find'],
  },
};
const call = {
  name: 'call',
  input: [{ name: 'contact_id', type: 'Integer' }, ids],
  cxone: { method: 'GET', path: '/v1/contacts/{contact_id}', output: 'contact' },
};
const cxone = { secretRef: { name: 'acme-cxone' } };

const problemsOf = (value: unknown): readonly string[] => {
  const read = parseDataActionConfig(value);
  return read.ok ? [] : read.problems.map(({ path, expected }) => `${path}: ${expected}`);
};
const pathsOf = (fields: Fields): readonly string[] =>
  problemsOf(manifest(fields)).map((text) => text.split(': ')[0] ?? '');
const action = (base: Fields, part: string, fields: Fields): Fields => ({
  actions: [find, { ...base, name: 'judged', [part]: { ...Object(base[part]), ...fields } }],
  cxone,
});
const inputOf = (fields: Fields): Fields => ({
  actions: [{ ...find, input: [ids, { name: 'more', type: 'String', ...fields }] }],
});
const atLookup = (fields: Fields) => action(find, 'lookup', fields);
const atStatement = (fields: Fields) =>
  action(set, 'transaction', { statements: [{ ...set.transaction.statements[0], ...fields }] });
const atCall = (fields: Fields) => action(call, 'cxone', fields);
const atWebhook = (fields: Fields) => ({ webhook: { secretRefs, ...fields } });

test('what is left out has its default', () => {
  const read = parseDataActionConfig(manifest({}));
  assert.equal(read, {
    ok: true,
    value: {
      apiVersion: 'dataactions.dev/v1alpha1',
      kind: 'DataActionConfig',
      metadata: { name: 'acme', namespace: 'default', uid: '', generation: 1, creationTimestamp: '' },
      spec: {
        tenantId: 'acme',
        suspend: false,
        webhook: {
          scheme: 'HmacBody',
          header: 'X-CXone-Signature',
          encoding: 'Hex',
          toleranceSeconds: 300,
          secretRefs: [{ name: 'acme-webhook', key: 'current', optional: false }],
        },
        limits: { requestsPerSecond: 200, burst: 400, concurrency: 100, deadlineMilliseconds: 5000, batchSize: 100 },
        cache: { ttlSeconds: 300, missingTtlSeconds: 30, staleIfErrorSeconds: 0 },
        audit: 'EveryRequest',
        actions: defaultActions,
      },
    },
  });
});

test('a part of limits leaves the others at their defaults', () => {
  const read = parseDataActionConfig(manifest({ limits: { burst: 1 }, cache: {} }));
  assert.is(read.ok && read.value.spec.limits.requestsPerSecond, 200);
  assert.is(read.ok && read.value.spec.cache.ttlSeconds, 300);
});

test('every kind of action is read, and says its kind', () => {
  const read = parseDataActionConfig(manifest({ actions: [find, set, call], cxone }));
  assert.ok(read.ok, JSON.stringify(read));
  assert.equal(read.ok && read.value.spec.actions.map(({ kind }) => kind), ['lookup', 'transaction', 'cxone']);
  const [, changed] = read.ok ? read.value.spec.actions : [];
  assert.is(changed?.kind === 'transaction' && changed.transaction.isolation, 'ReadCommitted');
});

test('metadata and status may hold what the API server puts there', () => {
  const metadata = { name: 'acme', namespace: 'ns', uid: 'u', generation: 3, managedFields: [{}], labels: { a: 'b' } };
  const read = parseDataActionConfig({ ...Object(manifest({})), metadata, status: { conditions: [] } });
  assert.is(read.ok && read.value.metadata.namespace, 'ns');
  assert.not('labels' in Object(read.ok && read.value.metadata));
});

const bounds = tenantLimits;
/** What is fine, at the bound. */
const valid: Readonly<Record<string, Fields>> = {
  'tenant id as UUID': { tenantId: '11ef6a32-c573-6d80-b014-0242ac110004' },
  'tenant id of 63': { tenantId: 'a'.repeat(63) },
  'limits at their upper bound': { limits: { deadlineMilliseconds: 60_000, batchSize: 500, burst: bounds.burstMax } },
  'limits at their lower bound': { limits: { deadlineMilliseconds: 50, batchSize: 1, burst: 1 } },
  'stale rows with DatabaseReads': { cache: { staleIfErrorSeconds: 1 }, audit: 'DatabaseReads' },
  'no stale rows with EveryRequest': { cache: { staleIfErrorSeconds: 0 } },
  'as many actions as may be': { actions: Array.from({ length: 50 }, (_, at) => ({ ...find, name: `a${at}` })) },
  'four keys': atWebhook({ secretRefs: Array(4).fill(secretRefs[0]) }),
  'a statement of the greatest length': atLookup({ statement: lookup.statement.padEnd(bounds.statementCharactersMax) }),
  'a placeholder used twice': atLookup({ statement: `${lookup.statement} AND $2 = $2` }),
  'minLength = maxLength': inputOf({ minLength: 1024, maxLength: 1024 }),
  'a pattern': inputOf({ pattern: '^(a+)+$' }),
  'enum of 100': inputOf({ enum: Array.from({ length: 100 }, (_, at) => `${at}`) }),
  'PerKey with a list': atStatement({ expectRows: 'PerKey' }),
  'keys of type String': { actions: [{ ...find, input: [{ ...ids, type: 'String' }] }] },
  'query and body with inputs': atCall({
    method: 'POST',
    query: { a: '{ids}' },
    body: { a: ['{contact_id}', { b: 1 }] },
  }),
  'placeholders that begin with a zero, which are none': atLookup({ statement: `${lookup.statement} -- $0 $01 $007` }),
  'eight placeholders': atCall({ path: `/${'{contact_id}'.repeat(8)}`, query: { a: 'x{ids}'.repeat(8) } }),
  'a transaction-level lock': atLookup({ statement: `${lookup.statement} -- pg_advisory_xact_lock` }),
  'URLs of names and addresses': {
    cxone: { ...cxone, issuer: 'HTTPS://a-b.example:65535/x/', apiBase: 'https://127.0.0.1:1', tokenUrl: 'https://a' },
  },
  'null for what may be left out': {
    limits: null,
    suspend: null,
    actions: [
      { ...find, transaction: null, input: [{ ...ids, optional: null, maxLength: null }] },
      { ...call, name: 'other', cxone: { ...call.cxone, method: 'PUT', query: { a: null }, body: null } },
    ],
    cxone: { ...cxone, apiBase: null },
  },
  'client credentials': {
    cxone: { ...cxone, grant: 'ClientCredentials', tokenUrl: 'https://a.example/t', apiBase: 'https://b.example' },
  },
};

test('takes what lies within the bounds', () => {
  for (const [title, fields] of Object.entries(valid)) {
    assert.equal(problemsOf(manifest(fields)), [], title);
  }
});

const judged = 'spec.actions[1]';
/** What is refused, and where. */
const invalid: readonly (readonly [title: string, fields: Fields, ...paths: string[]])[] = [
  ['an unknown field', { surprise: 1 }, 'spec.surprise'],
  ['no tenant id', { tenantId: undefined }, 'spec.tenantId'],
  ['an empty tenant id', { tenantId: '' }, 'spec.tenantId'],
  ['a tenant id of 64', { tenantId: 'a'.repeat(64) }, 'spec.tenantId'],
  ['a tenant id with a colon', { tenantId: 'a:b' }, 'spec.tenantId'],
  ['a tenant id that begins with a dot', { tenantId: '.a' }, 'spec.tenantId'],
  ['a tenant id with a line end', { tenantId: 'a\n' }, 'spec.tenantId'],
  ['too short a deadline', { limits: { deadlineMilliseconds: 49 } }, 'spec.limits.deadlineMilliseconds'],
  ['too long a deadline', { limits: { deadlineMilliseconds: 60_001 } }, 'spec.limits.deadlineMilliseconds'],
  ['a batch of none', { limits: { batchSize: 0 } }, 'spec.limits.batchSize'],
  ['too large a batch', { limits: { batchSize: 501 } }, 'spec.limits.batchSize'],
  ['stale rows with EveryRequest', { cache: { staleIfErrorSeconds: 1 } }, 'spec.cache.staleIfErrorSeconds'],
  ['no action', { actions: [] }, 'spec.actions'],
  ['too many actions', { actions: Array(51).fill(find) }, 'spec.actions'],
  ['two actions of one name', { actions: [find, find] }, 'spec.actions[1].name'],
  ['an action name with a space', { actions: [{ ...find, name: 'a b' }] }, 'spec.actions[0].name'],
  ['nothing to do', { actions: [{ name: 'x' }] }, 'spec.actions[0]'],
  ['two things to do', { actions: [find, { ...set, name: 'both', lookup }] }, 'spec.actions[1]'],
  ['kind in a manifest', { actions: [{ ...find, kind: 'lookup' }] }, 'spec.actions[0].kind'],
  ['two inputs of one name', { actions: [{ ...find, input: [ids, ids] }] }, 'spec.actions[0].input[1].name'],
  ['an input named tenant_id', inputOf({ name: 'tenant_id' }), 'spec.actions[0].input[1].name'],
  ['an input name with a hyphen', inputOf({ name: 'a-b' }), 'spec.actions[0].input[1].name'],
  ['an unknown type', inputOf({ type: 'Date' }), 'spec.actions[0].input[1].type'],
  ['minLength above maxLength', inputOf({ minLength: 2, maxLength: 1 }), 'spec.actions[0].input[1].minLength'],
  ['maxLength above the bound', inputOf({ maxLength: 1025 }), 'spec.actions[0].input[1].maxLength'],
  ['a pattern with a look-ahead', inputOf({ pattern: '(?=a)' }), 'spec.actions[0].input[1].pattern'],
  ['a pattern with a back-reference', inputOf({ pattern: '(a)\\1' }), 'spec.actions[0].input[1].pattern'],
  ['an empty enum', inputOf({ enum: [] }), 'spec.actions[0].input[1].enum'],
  ['an enum of 101', inputOf({ enum: Array(101).fill('a') }), 'spec.actions[0].input[1].enum'],
  ['a pattern on a number', inputOf({ type: 'Number', pattern: 'a' }), 'spec.actions[0].input[1].pattern'],
  ['another first parameter', atLookup({ parameters: ['ids', 'tenant_id'] }), `${judged}.lookup.parameters[0]`],
  [
    'an undeclared parameter',
    atLookup({ parameters: ['tenant_id', 'x'] }),
    `${judged}.lookup.parameters[1]`,
    `${judged}.lookup.keys`,
  ],
  ['a statement without $1', atLookup({ statement: 'SELECT $2' }), `${judged}.lookup.statement`],
  ['a statement with $10 but not $1', atLookup({ statement: 'SELECT $10' }), `${judged}.lookup.statement`],
  ['fewer placeholders than parameters', atLookup({ statement: 'SELECT $1' }), `${judged}.lookup.statement`],
  ['more placeholders than parameters', atLookup({ statement: 'SELECT $1, $3' }), `${judged}.lookup.statement`],
  ['too long a statement', atLookup({ statement: lookup.statement.padEnd(8193) }), `${judged}.lookup.statement`],
  ['a statement with U+0000', atLookup({ statement: `${lookup.statement}\0` }), `${judged}.lookup.statement`],
  ['what slonik rewrites', atLookup({ statement: `${lookup.statement} -- $slonik_1` }), `${judged}.lookup.statement`],
  ['keys that are not declared', atLookup({ keys: 'x' }), `${judged}.lookup.keys`, `${judged}.lookup.keys`],
  [
    'keys that are no list',
    { actions: [{ ...find, input: [{ ...ids, list: false }] }] },
    'spec.actions[0].lookup.keys',
  ],
  [
    'keys that are optional',
    { actions: [{ ...find, input: [{ ...ids, optional: true }] }] },
    'spec.actions[0].lookup.keys',
  ],
  [
    'keys of type Number',
    { actions: [{ ...find, input: [{ ...ids, type: 'Number' }] }] },
    'spec.actions[0].lookup.keys',
  ],
  [
    'keys that are no parameter',
    atLookup({ statement: 'SELECT $1', parameters: ['tenant_id'] }),
    `${judged}.lookup.keys`,
  ],
  ['an output named more', atLookup({ output: 'more' }), `${judged}.lookup.output`],
  ['an output with a hyphen', atLookup({ output: 'a-b' }), `${judged}.lookup.output`],
  [
    'invalidation of what is no lookup',
    action(set, 'transaction', { invalidates: ['judged'] }),
    `${judged}.transaction.invalidates[0]`,
  ],
  ['no statement', action(set, 'transaction', { statements: [] }), `${judged}.transaction.statements`],
  [
    'too many statements',
    action(set, 'transaction', { statements: Array(11).fill(set.transaction.statements[0]) }),
    `${judged}.transaction.statements`,
  ],
  ['a transaction statement without $1', atStatement({ text: 'SELECT 1' }), `${judged}.transaction.statements[0].text`],
  [
    'PerKey without a list',
    atStatement({ text: 'SELECT $1', parameters: ['tenant_id'], expectRows: 'PerKey' }),
    `${judged}.transaction.statements[0].expectRows`,
  ],
  [
    'two statements of one output',
    action(set, 'transaction', { statements: Array(2).fill({ ...set.transaction.statements[0], output: 'a' }) }),
    `${judged}.transaction.statements[1].output`,
  ],
  ['a call without spec.cxone', { actions: [call] }, 'spec.cxone'],
  ['an undeclared placeholder in a path', atCall({ path: '/v1/{x}' }), `${judged}.cxone.path`],
  ['a list in a path', atCall({ path: '/v1/{ids}' }), `${judged}.cxone.path`],
  ['an undeclared placeholder in a query', atCall({ query: { a: '{x}' } }), `${judged}.cxone.query.a`],
  ['an undeclared placeholder in a body', atCall({ method: 'PUT', body: ['{x}'] }), `${judged}.cxone.body`],
  ['a body with GET', atCall({ body: 1 }), `${judged}.cxone.body`],
  ['too deep a body', atCall({ method: 'PUT', body: [[[[[[[[[1]]]]]]]]] }), `${judged}.cxone.body`],
  ['a path to another host', atCall({ path: '//evil.example/x' }), `${judged}.cxone.path`],
  ['a path upwards', atCall({ path: '/a/../b' }), `${judged}.cxone.path`],
  ['a path with a query', atCall({ path: '/a?b' }), `${judged}.cxone.path`],
  ['a path with a lone brace', atCall({ path: '/a/{b' }), `${judged}.cxone.path`],
  ['nine placeholders in a path', atCall({ path: `/${'{contact_id}'.repeat(9)}` }), `${judged}.cxone.path`],
  ['nine placeholders in a query', atCall({ query: { a: '{ids}'.repeat(9) } }), `${judged}.cxone.query.a`],
  ['a lone brace in a query', atCall({ query: { a: '{"b":1}' } }), `${judged}.cxone.query.a`],
  ['null among items', { actions: [find, null] }, 'spec.actions[1]'],
  ['null for an unknown field', { surprise: null }, 'spec.surprise'],
  ['null for what is required', { tenantId: null }, 'spec.tenantId'],
  ['a statement that sets', atLookup({ statement: `${lookup.statement} -- SET_Config` }), `${judged}.lookup.statement`],
  [
    'a session-level lock',
    atLookup({ statement: 'SELECT $1, $2, pg_try_advisory_lock(1)' }),
    `${judged}.lookup.statement`,
  ],
  ['a URL of an impossible port', { cxone: { ...cxone, issuer: 'https://a.example:65536' } }, 'spec.cxone.issuer'],
  ['a URL with a query', { cxone: { ...cxone, issuer: 'https://a.example/?b' } }, 'spec.cxone.issuer'],
  ['http', { cxone: { ...cxone, issuer: 'http://a.example' } }, 'spec.cxone.issuer'],
  ['a user in a URL', { cxone: { ...cxone, apiBase: 'https://a:b@a.example' } }, 'spec.cxone.apiBase'],
  [
    'client credentials without URLs',
    { cxone: { ...cxone, grant: 'ClientCredentials' } },
    'spec.cxone.tokenUrl',
    'spec.cxone.apiBase',
  ],
  ['no secretRef', atWebhook({ secretRefs: [] }), 'spec.webhook.secretRefs'],
  ['five secretRefs', atWebhook({ secretRefs: Array(5).fill(secretRefs[0]) }), 'spec.webhook.secretRefs'],
  [
    "another namespace's Secret",
    atWebhook({ secretRefs: [{ name: 'ns/a', key: 'b' }] }),
    'spec.webhook.secretRefs[0].name',
  ],
  ['a key with a slash', atWebhook({ secretRefs: [{ name: 'a', key: 'b/c' }] }), 'spec.webhook.secretRefs[0].key'],
  ['a scheme that is not there', atWebhook({ scheme: 'None' }), 'spec.webhook.scheme'],
  ['a header with a space', atWebhook({ header: 'X Y' }), 'spec.webhook.header'],
  ['a hop-by-hop header', atWebhook({ header: 'Transfer-Encoding' }), 'spec.webhook.header'],
  ['a content header', atWebhook({ header: 'content-length' }), 'spec.webhook.header'],
  ['the header of the time', atWebhook({ header: 'x-cxone-timestamp' }), 'spec.webhook.header'],
];

test('refuses what lies beyond, at its path', () => {
  for (const [title, fields, ...paths] of invalid) assert.equal(pathsOf(fields), paths, title);
});

test('all problems come at once', () => {
  assert.equal(pathsOf({ tenantId: '', limits: { burst: 0 }, audit: 'x' }), [
    'spec.tenantId',
    'spec.limits.burst',
    'spec.audit',
  ]);
});

test('the kind and the version have to be right', () => {
  const wrong = { ...Object(manifest({})), apiVersion: 'dataactions.dev/v1', kind: 'Deployment' };
  assert.equal(problemsOf(wrong), ['apiVersion: dataactions.dev/v1alpha1', 'kind: DataActionConfig']);
});

test('a parsed spec, written down, parses to itself', () => {
  const read = parseDataActionConfig(manifest({ actions: [find, set, call], cxone, suspend: true }));
  assert.ok(read.ok);
  if (read.ok) assert.equal(parseDataActionConfig({ ...read.value, spec: encodeSpec(read.value.spec) }), read);
});

test('the outline of a broken object has the parts that parse', () => {
  const broken = { ...Object(manifest({ suspend: true, limits: 'x' })) };
  const outline = outlineConfig(broken);
  assert.is(outline.tenantId, 'acme');
  assert.is(outline.suspend, true);
  assert.is(outline.webhook?.scheme, 'HmacBody');
  assert.is(outlineConfig(manifest({ suspend: 'yes' })).suspend, undefined);
  assert.is(outlineConfig('x').metadata.name, '');
});

test('never throws, whatever the value', () => {
  void fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      for (const value of [a, manifest({ webhook: a }), manifest({ actions: [a, { ...find, lookup: b }] })]) {
        parseDataActionConfig(value);
        outlineConfig(value);
      }
    }),
  );
});

test.run();
