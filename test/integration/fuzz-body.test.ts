/**
 * Bodies that nobody meant to send: never a 5xx, never a crash, always JSON and the right class of status.
 */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { customerId, prepareDatabase } from '../services/database.ts';
import { startHandler } from '../services/handler.ts';
import { startPostgres } from '../services/postgres.ts';
import { assertSound } from '../services/sound.ts';

const postgres = await startPostgres();
const database = await prepareDatabase(postgres);
const input = [
  { name: 'keys', type: 'String', list: true },
  { name: 'text', type: 'String', optional: true },
  { name: 'number', type: 'Number', optional: true },
  { name: 'times', type: 'Timestamp', list: true, optional: true },
];
const echo = {
  name: 'echo',
  input,
  lookup: {
    statement: "SELECT k AS id, $3 AS text, $4 AS number, $5 AS times FROM unnest($2) AS k WHERE $1 <> ''",
    parameters: ['tenant_id', ...input.map(({ name }) => name)],
    keys: 'keys',
    keyColumn: 'id',
    output: 'rows',
  },
};
const limits = { requestsPerSecond: 100_000, burst: 100_000 };
const handler = await startHandler({ DATABASE_URL: database.url, LOG_LEVEL: 'warn' }, [
  { tenantId: 'acme', spec: { limits } },
  { tenantId: 'echo', spec: { actions: [echo], limits } },
]);
await handler.ready();

const check = async <T>(arbitrary: fc.Arbitrary<T>, property: (value: T) => Promise<void>, numRuns = 400) => {
  await fc.assert(fc.asyncProperty(arbitrary, property), { numRuns, interruptAfterTimeLimit: 3_000 });
  const answer = await handler.ask('acme', { customer_ids: [customerId(1)] });
  assert.is(answer.status, 200, 'a normal request is answered as ever');
  assert.is(handler.output(), '', 'nothing that anyone would have to look into');
};

/** Signed and unsigned. @param statuses  of the signed one */
const post = async (body: string | Buffer, statuses: readonly number[], tenantId = 'acme') => {
  const [signed, unsigned] = await Promise.all([
    handler.post(tenantId, body),
    handler.post(tenantId, body, { unsigned: true }),
  ]);
  assertSound(signed, statuses);
  assertSound(unsigned, [400, 401]);
};

const anyText = fc.string({ unit: 'binary', maxLength: 40 });
/** U+0000, lone surrogates, what SQL, JSON and arrays are sensitive to. */
const oddText = fc.oneof(
  anyText,
  fc.string({
    unit: fc.constantFrom(
      '\0',
      '\ud800',
      '\udfff',
      '"',
      '\\',
      '{',
      '}',
      ',',
      "'",
      '\u2028',
      '😀',
      'a',
      '$1',
      '--',
      '\n',
    ),
  }),
  fc.constantFrom('__proto__', 'constructor', 'NULL', 'null', 'toString', '{}', '{NULL}', "');--"),
);
const oddJson = fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' });

test('any bytes', () => check(fc.uint8Array({ maxLength: 300 }), (bytes) => post(Buffer.from(bytes), [400, 401])));

test('any JSON', () => check(oddJson, (value) => post(JSON.stringify(value), [401])));

test("any JSON in a proven tenant's name", () =>
  check(
    fc.record({ action: fc.oneof(oddText, oddJson), input: fc.dictionary(oddText, oddJson), context: oddJson }),
    ({ action, input, context }) =>
      post(JSON.stringify({ action, input: { ...input, tenant_id: 'acme' }, context }), [400]),
  ));

test('a valid body with some bytes changed, lost or added', () => {
  const input = { tenant_id: 'acme', customer_ids: [customerId(1), customerId(2)] };
  const valid = Buffer.from(
    JSON.stringify({ action: 'process_customer_batch', input, context: { contact_id: 'ä 42' } }),
  );
  const change = fc.record({
    at: fc.nat({ max: valid.length - 1 }),
    lost: fc.nat({ max: 4 }),
    added: fc.uint8Array({ maxLength: 4 }),
  });
  return check(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
    const body = changes.reduce(
      (bytes, { at, lost, added }) => Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at + lost)]),
      valid,
    );
    return post(body, [200, 400, 401]);
  });
});

test('a valid body with one part of it replaced', () => {
  const part = fc.oneof(oddJson, oddText);
  const body = fc.record({
    action: fc.oneof({ weight: 4, arbitrary: fc.constant('process_customer_batch') }, part),
    ids: fc.oneof(part, fc.array(fc.oneof(fc.uuid(), part), { maxLength: 110 })),
    context: fc.oneof(part, fc.dictionary(oddText, part), fc.constant(undefined)),
  });
  return check(body, ({ action, ids, context }) =>
    post(JSON.stringify({ action, input: { tenant_id: 'acme', customer_ids: ids }, context }), [200, 400]),
  );
});

test('odd text wherever text may stand is taken whole or refused, and comes back unchanged', () =>
  check(
    fc.record({
      keys: fc.uniqueArray(oddText, { minLength: 1, maxLength: 5 }),
      text: oddText,
      number: fc.double({ noNaN: true, noDefaultInfinity: true }),
      context: fc.dictionary(fc.oneof(anyText, oddText), oddText),
    }),
    async ({ keys, text, number, context }) => {
      const answer = await handler.ask('echo', { keys, text, number }, { action: 'echo', context });
      assertSound(answer, [200, 400]);
      const strings = [...keys, text, ...Object.keys(context), ...Object.values(context)];
      const storable = strings.every((each) => each.isWellFormed() && !each.includes('\0'));
      const names = Object.keys(context);
      const bounded = names.every((name) => name !== '' && [...name].length <= 64) && names.length <= 32;
      assert.is(answer.status, storable && bounded ? 200 : 400, answer.text);
      if (answer.status !== 200) return;
      const rows = keys.map((id) => ({ id, text, number: number + 0, times: null }));
      assert.equal(answer.json, { output: { rows, count: keys.length } });
    },
  ));

test('numbers as nobody writes them', () => {
  const digits = fc.string({
    unit: fc.constantFrom('0', '1', '9', '.', 'e', 'E', '-', '+'),
    minLength: 1,
    maxLength: 400,
  });
  return check(digits, (number) =>
    post(`{"action":"echo","input":{"tenant_id":"echo","keys":["a"],"number":${number}}}`, [200, 400], 'echo'),
  );
});

test('nesting as deep as a body can hold', async () => {
  for (const [open, close] of [
    ['[', ']'],
    ['{"a":', '}'],
  ] as const) {
    const depth = Math.floor(60_000 / (open.length + close.length));
    for (const middle of ['1', '12345678901234567890']) {
      const deep = open.repeat(depth) + middle + close.repeat(depth);
      await post(deep, [400, 401]);
      await post(`{"action":"x","input":{"tenant_id":"acme"},"context":${deep}}`, [400]);
    }
  }
  assert.is((await handler.ask('acme', { customer_ids: [customerId(1)] })).status, 200);
});

test.after(() => handler.stop());
test.run();
