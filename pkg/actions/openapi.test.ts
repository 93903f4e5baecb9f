import { Validator } from '@seriousme/openapi-schema-validator';
import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hidden, tenantSpecs } from '../../test/services/declarations.ts';
import { type ErrorCode, errorCodes } from '../errors/codes.ts';
import { tenantLimits } from '../process/limits.ts';
import type { ActionSpec } from '../tenant/action-spec.ts';
import type { TenantSpec } from '../tenant/spec.ts';
import { webhookSchemes } from '../tenant/webhook-spec.ts';
import { declaredTenant } from './declared-tenant.ts';
import { describeTenant } from './openapi.ts';
import { codesOf, type Statuses } from './openapi-problems.ts';
import { openApiJson } from './openapi-text.ts';

/** Not the service's own: what is passed in is what counts. */
const statuses = Object.fromEntries(Object.keys(errorCodes).map((code, at) => [code, 400 + at])) as Statuses;

const describe = (spec: TenantSpec) =>
  describeTenant(declaredTenant(spec), { statuses, server: 'https://actions.example.com' });

/** What stands at the path of keys. */
const at = (document: object, ...keys: readonly string[]): object =>
  keys.reduce<object>((value, key) => Object(Reflect.get(value, key)), document);

const specOf = (change: (spec: TenantSpec) => Partial<TenantSpec>): TenantSpec => {
  const [spec] = fc.sample(tenantSpecs, { seed: 1, numRuns: 1 });
  if (!spec) throw new Error('no sample');
  return { ...spec, ...change(spec) };
};

const ofKind = (kind: ActionSpec['kind']): TenantSpec =>
  fc.sample(
    tenantSpecs.filter(({ actions }) => actions.every((action) => action.kind === kind)),
    { seed: 1, numRuns: 1 },
  )[0] ?? specOf(() => ({}));

test('every declaration gives a valid OpenAPI 3.1 document', async () => {
  await fc.assert(
    fc.asyncProperty(tenantSpecs, async (spec) => {
      const { valid, errors } = await new Validator().validate(JSON.parse(openApiJson(describe(spec))));
      assert.ok(valid, JSON.stringify(errors));
    }),
    { numRuns: 40 },
  );
});

test('no reference in it leads nowhere', () => {
  void fc.assert(
    fc.property(tenantSpecs, (spec) => {
      const document = JSON.parse(openApiJson(describe(spec)));
      for (const [, pointer = ''] of openApiJson(describe(spec)).matchAll(/"(?:\$ref|[^"]*)": "#\/([^"]*)"/g)) {
        let target = document;
        for (const key of pointer.split('/')) {
          assert.ok(Object.hasOwn(target, key), pointer);
          target = target[key];
        }
      }
    }),
  );
});

test('it tells nothing of statements, columns, Secrets and calls', () => {
  void fc.assert(
    fc.property(tenantSpecs, (spec) => {
      const entry = { ...spec, webhook: { ...spec.webhook, keys: [hidden], secretVersions: [hidden] }, source: hidden };
      for (const text of [openApiJson(describe(spec)), openApiJson(describe(entry))]) {
        // Not `$1`: an enum, which is told, may hold it.
        assert.not.match(text, new RegExp(`${hidden}|${hidden.replace('_', '-')}|SELECT|tenant_id =`));
      }
    }),
  );
});

test('its version changes with what it says, and only then', () => {
  const version = (spec: TenantSpec) => Reflect.get(at(describe(spec), 'info'), 'version');
  const base = specOf(() => ({}));
  assert.match(String(version(base)), /^[0-9a-f]{16}$/);
  assert.is(
    version({ ...base, cache: { ttlSeconds: 1, missingTtlSeconds: 1, staleIfErrorSeconds: 0 } }),
    version(base),
  );
  assert.is.not(version({ ...base, limits: { ...base.limits, batchSize: 77 } }), version(base));
});

test("every code but that of another path is some kind of action's", () => {
  const codes = codesOf(new Set(['lookup', 'transaction', 'cxone']));
  const others = Object.keys(errorCodes).filter((code) => !codes.includes(code as ErrorCode));
  assert.equal(others, ['not_found']);
});

test('a tenant answers what its kinds of action can: statuses come from outside', () => {
  const documented = (spec: TenantSpec) =>
    Object.keys(at(describe(spec), 'paths', '/data-action', 'post', 'responses')).map(Number);
  const has = (spec: TenantSpec, code: ErrorCode) => documented(spec).includes(statuses[code]);
  const [lookup, transaction, cxone] = [ofKind('lookup'), ofKind('transaction'), ofKind('cxone')];
  assert.equal(
    [lookup, transaction, cxone].map((spec) => has(spec, 'conflict')),
    [false, true, false],
  );
  assert.equal(
    [lookup, transaction, cxone].map((spec) => has(spec, 'cxone_failed')),
    [false, false, true],
  );
  for (const spec of [lookup, transaction, cxone]) assert.ok(has(spec, 'unauthenticated'));
});

test('Idempotency-Key is for tenants with a transaction', () => {
  const parameters = (kind: ActionSpec['kind']) =>
    JSON.stringify(at(describe(ofKind(kind)), 'paths', '/data-action', 'post', 'parameters'));
  assert.match(parameters('transaction'), '"Idempotency-Key"');
  assert.not.match(parameters('lookup'), 'Idempotency-Key');
});

test('each scheme says which headers prove a request, all of them together', () => {
  const headers = webhookSchemes.map((scheme) => {
    const spec = specOf(({ webhook }) => ({ webhook: { ...webhook, scheme, header: 'X-Own' } }));
    const document = describe(spec);
    const schemes = at(document, 'components', 'securitySchemes');
    assert.equal(Reflect.get(document, 'security'), [
      Object.fromEntries(Object.keys(schemes).map((name) => [name, []])),
    ]);
    return Object.values(schemes).map((each) => Reflect.get(each, 'name') ?? Reflect.get(each, 'scheme'));
  });
  assert.equal(headers, [
    ['X-Own'],
    ['X-Own', 'X-CXone-Timestamp'],
    ['webhook-id', 'webhook-timestamp', 'webhook-signature'],
    ['X-Nexus-Signature-256', 'X-Nexus-Timestamp'],
    ['bearer'],
  ]);
});

test('bounds of an int8 are written exactly', () => {
  const input = [{ name: 'n', type: 'Integer', list: false, optional: false }] as const;
  const spec = specOf(({ actions }) => ({ actions: actions.slice(0, 1).map((action) => ({ ...action, input })) }));
  const text = openApiJson(describe(spec));
  assert.match(text, '"minimum": -9223372036854775808,');
  assert.match(text, '"maximum": 9223372036854775807\n');
});

test('what X-Timeout-Ms may say is what can make a deadline earlier', () => {
  const parameters = Reflect.get(at(describe(specOf(() => ({}))), 'paths', '/data-action', 'post'), 'parameters');
  const { schema } = Object(parameters).find(({ name }: { readonly name: string }) => name === 'X-Timeout-Ms');
  assert.equal(schema, { type: 'integer', minimum: 1, maximum: tenantLimits.deadlineMsMax });
});

test.run();
