/**
 * Tenants' declarations as fast-check makes them up: every kind of action, every type of input, and every bound of text.
 */
import * as fc from 'fast-check';
import type { ActionSpec } from '../../pkg/tenant/action-spec.ts';
import { decode } from '../../pkg/tenant/codec.ts';
import { type InputSpec, inputTypes } from '../../pkg/tenant/input-spec.ts';
import { type TenantSpec, tenantSpec } from '../../pkg/tenant/spec.ts';
import { webhookSchemes } from '../../pkg/tenant/webhook-spec.ts';

/** Stands wherever a description may not look: in statements, columns, names of Secrets, calls to the CXone API. */
export const hidden = 'hidden_canary';

const name = fc.constantFrom('a', 'b', 'id', 'ids', 'status', 'since', 'constructor', 'toString', '_x', 'input');
const outputs = fc.constantFrom('rows', 'customers', 'hasOwnProperty', 'output', 'x1');
const patterns = fc.constantFrom('^[a-z]+$', '\\d', 'a|b', '(?i)x', '[[:alpha:]]', '^.{2,5}$', '[^\\s-]{1,3}');

const textRules = fc.oneof(
  fc.record({ enum: fc.uniqueArray(fc.string({ maxLength: 5 }), { minLength: 1, maxLength: 4 }) }),
  fc
    .record(
      { minLength: fc.integer({ min: 0, max: 4 }), maxLength: fc.integer({ min: 4, max: 9 }), pattern: patterns },
      { requiredKeys: [] },
    )
    .filter(Boolean),
);

const inputOf = (input: Partial<InputSpec>): fc.Arbitrary<object> =>
  fc
    .record({
      name: input.name === undefined ? name : fc.constant(input.name),
      type: input.type === undefined ? fc.constantFrom(...inputTypes) : fc.constant(input.type),
      list: input.list === undefined ? fc.boolean() : fc.constant(input.list),
      optional: input.optional === undefined ? fc.boolean() : fc.constant(input.optional),
      rules: textRules,
    })
    .map(({ rules, ...rest }) => ({ ...rest, ...(rest.type === 'String' ? rules : {}) }));

const inputs = fc.uniqueArray(inputOf({}), { maxLength: 5, selector: (input) => Reflect.get(input, 'name') });

const statement = `SELECT ${hidden} FROM ${hidden} WHERE tenant_id = $1`;

const lookup = fc
  .record({
    others: inputs,
    keys: fc
      .constantFrom('UUID', 'String', 'Integer')
      .chain((type) => inputOf({ name: 'keys', type, list: true, optional: false })),
    output: outputs,
  })
  .map(({ others, keys, output }) => ({
    input: [keys, ...others],
    lookup: {
      statement: `${statement} AND id = ANY($2)`,
      parameters: ['tenant_id', 'keys'],
      keys: 'keys',
      keyColumn: hidden,
      output,
    },
  }));

const transaction = fc
  .record({ input: inputs, outputs: fc.uniqueArray(outputs, { maxLength: 3 }), silent: fc.boolean() })
  .map(({ input, outputs, silent }) => ({
    input,
    transaction: {
      statements: [
        ...(silent || outputs.length === 0 ? [{ text: statement, parameters: ['tenant_id'] }] : []),
        ...outputs.map((output) => ({ text: statement, parameters: ['tenant_id'], output })),
      ],
    },
  }));

const cxone = fc.record({ input: inputs, output: outputs }).map(({ input, output }) => ({
  input,
  cxone: { method: 'GET', path: `/${hidden}`, output },
}));

const actions = fc.array(fc.oneof(lookup, transaction, cxone), { minLength: 1, maxLength: 4 }).chain((bodies) =>
  fc
    .uniqueArray(fc.constantFrom('get', 'set', 'get.request', 'a-b', 'Problem', 'constructor', 'Context'), {
      minLength: bodies.length,
      maxLength: bodies.length,
    })
    .map((names) => bodies.map((body, at) => ({ name: names[at], ...body }))),
);

const valid = (spec: unknown): TenantSpec => {
  const read = decode(tenantSpec, spec);
  if (!read.ok) throw new Error(`the test's own declaration is refused: ${JSON.stringify([read.problems, spec])}`);
  return read.value;
};

/** Specs as a manifest has them, once read. */
export const tenantSpecs: fc.Arbitrary<TenantSpec> = fc
  .record({
    tenantId: fc.constantFrom('acme', '11ef6a32-c573-6d80-b014-0242ac110004', 'A.b_c-1'),
    scheme: fc.constantFrom(...webhookSchemes),
    encoding: fc.constantFrom('Hex', 'Base64'),
    batchSize: fc.integer({ min: 1, max: 5 }),
    actions,
  })
  .map(({ tenantId, scheme, encoding, batchSize, actions }) =>
    valid({
      tenantId,
      webhook: { scheme, encoding, secretRefs: [{ name: hidden.replace('_', '-'), key: hidden }] },
      limits: { batchSize },
      actions,
      cxone: { secretRef: { name: hidden.replace('_', '-') } },
    }),
  );

const uuids = ['00000000-0000-4000-8000-000000000001', 'ABCDEF00-0000-4000-8000-00000000000f'];
const good: Readonly<Record<InputSpec['type'], readonly unknown[]>> = {
  UUID: uuids,
  String: ['', 'a', 'ab', 'abc', 'x1', 'abcde', 'é😀', '12345678', ' '],
  Integer: [0, -1, 42, 1.0, 9_007_199_254_740_991, 2n ** 60n, -(2n ** 60n) - 1n],
  Number: [0, -1.5, 1e300, 2n ** 70n, 42],
  Boolean: [true, false],
  Timestamp: [
    ...['2026-01-31T00:00:00Z', '2024-02-29 23:59:59.123456789+15:59', '0001-01-01t00:00:00z'],
    ...['2000-02-29T00:00:00-00:00', '9999-12-31T23:59:59Z', '2026-11-30T12:00:00.5+05:30'],
  ],
};
const odd: readonly unknown[] = [
  ...[null, {}, [], '', 'x', 'a\0b', 7, -0.5, true, 'true', '1', 1e19, 10n ** 19n, 'y'.repeat(1_025)],
  ...['00000000-0000-4000-8000-00000000000g', '0000000000004000800000000000000001', ` ${uuids[0]}`, `${uuids[0]}\n`],
  ...['2026-02-29T00:00:00Z', '1900-02-29T00:00:00Z', '0000-01-01T00:00:00Z', '2026-04-31T00:00:00Z'],
  ...['2026-01-01T24:00:00Z', '2026-01-01T00:00:60Z', '2026-01-01T00:00:00+16:00', '2026-01-01T00:00:00'],
  ...['2026-13-01T00:00:00Z', '2026-00-10T00:00:00Z', '2026-01-00T00:00:00Z', '2026-1-1T00:00:00Z', '2026-01-01'],
  ...['2026-01-01T00:00:00.Z', '2026-01-01T00:00:00.1234567890Z', '2026-01-01T00:60:00Z', '20260101T000000Z'],
];

/** Mostly good ones, now and then one that is not. */
const scalarFor = (input: InputSpec): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 30, arbitrary: fc.constantFrom(...(input.enum ?? good[input.type])) },
    { weight: 1, arbitrary: fc.constantFrom(...odd) },
  );

const valueFor = (input: InputSpec): fc.Arbitrary<unknown> =>
  input.list
    ? fc.oneof(
        { weight: 9, arbitrary: fc.array(scalarFor(input), { maxLength: 6 }) },
        { weight: 1, arbitrary: scalarFor(input) },
      )
    : scalarFor(input);

const contexts = fc.oneof(
  { weight: 5, arbitrary: fc.dictionary(fc.constantFrom('a', 'contact_id', '__proto__'), fc.string({ maxLength: 5 })) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<unknown>(
      ...[null, [], 'x', { a: 1 }, { '': 'x' }, { a: 'x\0' }, { 'a\0': 'x' }, { a: 'y'.repeat(1_025) }],
      ...[{ a: 'y'.repeat(1_024) }, { ['k'.repeat(64)]: 'x' }, { ['k'.repeat(65)]: 'x' }, { ['😀'.repeat(64)]: 'x' }],
      ...[32, 33].map((size) => Object.fromEntries(Array.from({ length: size }, (_, at) => [`k${at}`, 'x']))),
    ),
  },
);

/** Bodies that call the action, right ones and nearly right ones. */
export const bodiesFor = (tenantId: string, action: ActionSpec): fc.Arbitrary<object> => {
  const fields = Object.fromEntries(action.input.map((input) => [input.name, valueFor(input)]));
  const requiredKeys = action.input.filter(({ optional }) => !optional).map(({ name }) => name);
  const rarely = <T>(value: T, other: T) => fc.oneof({ weight: 40, arbitrary: fc.constant(value) }, fc.constant(other));
  return fc
    .record({
      action: rarely(action.name, 'no-such'),
      tenantId: rarely<unknown>(tenantId, 'other'),
      input: fc.record(fields, { requiredKeys }),
      dropped: fc.oneof(
        { weight: 20, arbitrary: fc.constant(undefined) },
        fc.constantFrom(...requiredKeys, 'tenant_id'),
      ),
      surplus: rarely<object>({}, { surplus: 1 }),
      surplusInput: rarely<object>({}, { surplus: 1 }),
      context: fc.option(contexts, { nil: undefined }),
    })
    .map(({ action, tenantId, input, dropped, surplus, surplusInput, context }) => {
      const whole: Record<string, unknown> = { tenant_id: tenantId, ...input, ...surplusInput };
      if (dropped !== undefined) delete whole[dropped];
      return { action, input: whole, ...surplus, ...(context === undefined ? {} : { context }) };
    });
};
