/**
 * What the described schema accepts, the decoder accepts, and the other way round.
 */
import { Ajv2020 } from 'ajv/dist/2020.js';
import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bodiesFor, tenantSpecs } from '../../test/services/declarations.ts';
import type { Parsed } from '../errors/problem.ts';
import type { ActionSpec } from '../tenant/action-spec.ts';
import type { InputSpec } from '../tenant/input-spec.ts';
import type { TenantSpec } from '../tenant/spec.ts';
import { parseExactJson } from '../webhook/exact-json.ts';
import type { Action } from './action.ts';
import { batchInputs } from './batch-inputs.ts';
import { declaredTenant } from './declared-tenant.ts';
import { ecmaPattern } from './ecma-pattern.ts';
import { compileInput } from './input-codec.ts';
import { describeTenant } from './openapi.ts';
import type { Statuses } from './openapi-problems.ts';
import { openApiJson } from './openapi-text.ts';
import { type ActionRequest, decodeRequest } from './request.ts';

const decoderOf = ({ tenantId, limits, actions }: TenantSpec): ((body: unknown) => Parsed<ActionRequest>) => {
  const compiled = actions.map((spec): readonly [string, Action] => {
    const batch = { names: batchInputs(spec), max: limits.batchSize };
    const input = compileInput(spec.input, { tenantId, batch });
    return [
      spec.name,
      {
        name: spec.name,
        kind: spec.kind,
        decodeInput: (value) => input.decode(value),
        run: () => Promise.reject(new Error()),
      },
    ];
  });
  const named = new Map(compiled);
  return (body) => decodeRequest(named, body);
};

const schemaOf = (spec: TenantSpec): ((body: unknown) => boolean) => {
  const described = describeTenant(declaredTenant(spec), { statuses: {} as Statuses, server: '/' });
  // `constructor` is a name like any other, and no field unless the body has it.
  const ajv = new Ajv2020({ strict: false, validateFormats: false, ownProperties: true, logger: false });
  ajv.addSchema(JSON.parse(openApiJson(described)), 'document');
  const validate = ajv.compile({ $ref: 'document#/components/schemas/Request' });
  return (body) => validate(body) === true;
};

/** As it travels, integers beyond 2^53 included. */
const textOf = (body: object): string =>
  JSON.stringify(body, (_key, value: unknown) => (typeof value === 'bigint' ? JSON.rawJSON(value.toString()) : value));

/** @returns compares the two on a body, and says whether they took it */
const comparison = (spec: TenantSpec) => {
  const [decode, describes] = [decoderOf(spec), schemaOf(spec)];
  return (body: object): boolean => agree(spec, { decode, describes }, textOf(body));
};

const agree = (
  spec: TenantSpec,
  { decode, describes }: { decode: ReturnType<typeof decoderOf>; describes(body: unknown): boolean },
  text: string,
): boolean => {
  const decoded = decode(parseExactJson(text));
  const described = describes(JSON.parse(text));
  assert.is(
    described,
    decoded.ok,
    `${JSON.stringify(spec.actions)} ${text} ${decoded.ok || JSON.stringify(decoded.problems)}`,
  );
  return decoded.ok;
};

/** A pattern that JSON Schema cannot say is said in words. */
const sayable = ({ actions }: TenantSpec): boolean =>
  actions.every(({ input }) =>
    input.every(({ pattern, enum: words }) => pattern === undefined || words || ecmaPattern(pattern) !== undefined),
  );

const calls = tenantSpecs.filter(sayable).chain((spec) =>
  fc
    .array(
      fc.constantFrom(...spec.actions).chain((action) => bodiesFor(spec.tenantId, action)),
      {
        minLength: 15,
        maxLength: 15,
      },
    )
    .map((bodies) => [spec, bodies] as const),
);

test('schema and decoder agree on bodies, right ones and nearly right ones', () => {
  const accepted = { yes: 0, no: 0 };
  void fc.assert(
    fc.property(calls, ([spec, bodies]) => {
      const compare = comparison(spec);
      for (const body of bodies) accepted[compare(body) ? 'yes' : 'no'] += 1;
    }),
    { numRuns: 60 },
  );
  assert.ok(accepted.yes > 100 && accepted.no > 100, JSON.stringify(accepted));
});

const oneInput = (input: Partial<InputSpec>): TenantSpec => {
  const [spec] = fc.sample(tenantSpecs, { seed: 1, numRuns: 1 });
  if (!spec) throw new Error('no sample');
  const declared: InputSpec = { name: 'x', type: 'String', list: false, optional: false, ...input };
  const cxone = { method: 'GET', path: '/', query: {}, output: 'x' } as const;
  const action: ActionSpec = { kind: 'cxone', name: 'get', input: [declared], cxone };
  return { ...spec, actions: [action] };
};

/** Compares the two on values of the one input. */
const agreeOnValues = (spec: TenantSpec, values: readonly unknown[]): readonly boolean[] => {
  const compare = comparison(spec);
  return values.map((x) => compare({ action: 'get', input: { tenant_id: spec.tenantId, x } }));
};

test('they agree on text at every bound, in characters and not in code units', () => {
  const texts = ['', 'a', '😀', 'ab', '😀😀', 'abc', '😀😀😀', 'abcd', '😀😀😀😀', 'a\0b', 'é\n'];
  agreeOnValues(oneInput({ minLength: 2, maxLength: 3 }), texts);
  const long = [1_023, 1_024, 1_025].map((length) => '😀'.repeat(length));
  assert.equal(agreeOnValues(oneInput({}), long), [true, true, false]);
});

test('they agree on every day there is and some there are not', () => {
  const spec = oneInput({ type: 'Timestamp' });
  const two = (n: number) => String(n).padStart(2, '0');
  const days = [0, 4, 100, 400, 1900, 2000, 2024, 2026, 2100, 9996].flatMap((year) =>
    [1, 2, 3, 4, 6, 9, 11, 12, 13].flatMap((month) =>
      [0, 1, 28, 29, 30, 31, 32].map((day) => `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}T00:00:00Z`),
    ),
  );
  assert.ok(agreeOnValues(spec, days).filter(Boolean).length > 300);
});

test('they agree on lists that are no batch: empty ones, full ones, one more', () => {
  const spec = oneInput({ list: true });
  const lists = [0, 500, 501].map((length) => Array(length).fill('a'));
  assert.equal(agreeOnValues(spec, lists), [true, true, false]);
});

test('what JSON Schema cannot say is refused by the decoder alone', () => {
  const cases: readonly (readonly [Partial<InputSpec>, string])[] = [
    [{ type: 'String' }, '"\\ud800"'],
    [{ type: 'String', pattern: '(?i)a' }, '"b"'],
    [{ type: 'Integer' }, '1e17'],
  ];
  for (const [input, value] of cases) {
    const spec = oneInput(input);
    const text = `{"action":"get","input":{"tenant_id":"${spec.tenantId}","x":${value}}}`;
    assert.ok(schemaOf(spec)(JSON.parse(text)), text);
    assert.not(decoderOf(spec)(parseExactJson(text)).ok, text);
  }
});

test.run();
