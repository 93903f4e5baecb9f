/**
 * Transactions from outside: all of their statements and their audit row hold, or nothing does, and the answer says which.
 *
 * also over docker
 */
import { Client } from 'pg';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  counter,
  createCounters,
  increment,
  lookUpCustomers,
  move,
  setCounters,
  setCustomerStatus,
} from '../services/counters.ts';
import { customerId, prepareDatabase } from '../services/database.ts';
import { startHandler } from '../services/handler.ts';
import { metric } from '../services/metric.ts';
import { startPostgres } from '../services/postgres.ts';
import { assertProblem } from '../services/problem.ts';

const postgres = await startPostgres();
const database = await prepareDatabase(postgres);
await createCounters(database);

const rows = {
  name: 'make_rows',
  input: [
    { name: 'count', type: 'Integer' },
    { name: 'length', type: 'Integer' },
    { name: 'letter', type: 'String' },
  ],
  transaction: {
    statements: [
      {
        text: "INSERT INTO steps SELECT $1, 'row', NULL FROM generate_series(1, $2) RETURNING repeat($4, $3::int) AS x",
        parameters: ['tenant_id', 'count', 'length', 'letter'],
        output: 'rows',
      },
    ],
  },
};
const divide = {
  name: 'divide',
  input: [{ name: 'by', type: 'Integer' }],
  transaction: {
    statements: [
      { text: "INSERT INTO steps VALUES ($1, 'divided', NULL)", parameters: ['tenant_id'] },
      { text: 'SELECT $2 / $2 AS one WHERE $1 IS NOT NULL', parameters: ['tenant_id', 'by'], output: 'results' },
    ],
  },
};
/** Returns more than it is asked for, to nobody. */
const lock = {
  name: 'lock',
  input: [{ name: 'name', type: 'String' }],
  transaction: {
    statements: [
      {
        text: 'SELECT * FROM counters WHERE tenant_id = $1 AND name = $2 FOR UPDATE',
        parameters: ['tenant_id', 'name'],
        expectRows: 'AtLeastOne',
      },
    ],
  },
};
const isolationOf = (isolation: string) => ({
  name: isolation,
  input: [],
  transaction: {
    isolation,
    statements: [
      {
        text: "SELECT current_setting('transaction_isolation') AS level WHERE $1 IS NOT NULL",
        parameters: ['tenant_id'],
        output: 'settings',
      },
    ],
  },
});
const grab = {
  name: 'grab',
  input: [{ name: 'name', type: 'String' }],
  transaction: {
    statements: [
      {
        text: 'SELECT n FROM counters WHERE tenant_id = $1 AND name = $2 FOR UPDATE NOWAIT',
        parameters: ['tenant_id', 'name'],
        output: 'counters',
      },
    ],
  },
};
const levels = { ReadCommitted: 'read committed', RepeatableRead: 'repeatable read', Serializable: 'serializable' };
const actions = [
  lock,
  lookUpCustomers,
  setCustomerStatus,
  move,
  rows,
  divide,
  grab,
  increment(),
  ...Object.keys(levels).map(isolationOf),
];
const handler = await startHandler({ DATABASE_URL: database.url, STATEMENT_TIMEOUT_MS: '60000' }, [
  { tenantId: 'acme', spec: { actions, limits: { batchSize: 3, deadlineMilliseconds: 60_000 } } },
]);
await handler.ready();
await setCounters(database, 'acme', { names: ['a', 'b'], n: 10 });

const call = (action: string, input: object, requestId = 'r') =>
  handler.ask('acme', input, { action, headers: { 'X-Request-Id': requestId }, context: { contact_id: '4711' } });
const auditOf = async (requestId: string) =>
  database.sql(
    'SELECT tenant_id, customer_ids, action, source, outcome, context FROM audit_log WHERE request_id = $1',
    [requestId],
  );
const steps = async () => Number((await database.sql('SELECT count(*) AS n FROM steps'))[0]?.n);
const rollbacks = async () => (await metric(handler, 'rollback_total', { tenant_id: 'acme' })) ?? 0;

test('200: rows of each statement with an output, all rows counted, and the audit row', async () => {
  const ids = [customerId(2), customerId(1), customerId(2)];
  const answer = await call('set_customer_status', { customer_ids: ids, status: 'blocked' }, 'status-1');
  assert.is(answer.status, 200, answer.text);
  const { output }: { output: { customers: { id: string; status: string }[]; count: number } } = JSON.parse(
    answer.text,
  );
  assert.is(output.count, 2);
  assert.equal(
    output.customers.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    [1, 2].map((n) => ({ id: customerId(n), status: 'blocked' })),
  );
  assert.equal(await auditOf('status-1'), [
    {
      tenant_id: 'acme',
      customer_ids: [customerId(2), customerId(1)],
      action: 'set_customer_status',
      source: 'database',
      outcome: 'answered',
      context: { contact_id: '4711' },
    },
  ]);
});

test('several statements, in their order; null for an optional input that was left out', async () => {
  const answer = await call('move', { from: 'a', to: 'b', amount: 3 });
  assert.equal(answer.json, {
    output: { taken: [{ name: 'a', n: 7 }], given: [{ name: 'b', n: 13 }], count: 3 },
  });
  assert.equal(await database.sql('SELECT * FROM steps'), [{ tenant_id: 'acme', name: 'a', note: null }]);
});

test('409: an expectation that is not met names its statement, undoes the others, is counted and audited', async () => {
  const before = [await counter(database, 'acme', 'a'), await rollbacks()];
  const answer = await call('move', { from: 'a', to: 'nobody', amount: 1 }, 'unmet');
  assertProblem(answer, 409, 'conflict');
  assert.equal(answer.json.errors, [{ path: 'statements[1]', expected: 'at least one row' }]);
  assert.equal([await counter(database, 'acme', 'a'), (await rollbacks()) - 1], before);
  const audited = await auditOf('unmet');
  assert.equal(
    audited.map(({ outcome, action }) => [outcome, action]),
    [['rolled_back', 'move']],
  );
});

test('409: PerKey wants a row for each different key', async () => {
  const customer_ids = [customerId(3), customerId(999_999)];
  const answer = await call('set_customer_status', { customer_ids, status: 'blocked' });
  assertProblem(answer, 409, 'conflict');
  assert.equal(answer.json.errors, [{ path: 'statements[0]', expected: 'one row for each of input.customer_ids' }]);
  const [row] = await database.sql('SELECT status FROM customers WHERE id = $1', [customerId(3)]);
  assert.is.not(row?.status, 'blocked');
});

test('409: a constraint that fails in the first or the third statement leaves nothing behind', async () => {
  await call('move', { from: 'a', to: 'b', amount: 1, note: 'taken' });
  const before = [await counter(database, 'acme', 'a'), await counter(database, 'acme', 'b'), await steps()];
  for (const [request, input] of [
    ['first', { from: 'a', to: 'b', amount: 1_000, note: 'new' }],
    ['third', { from: 'a', to: 'b', amount: 1, note: 'taken' }],
  ] as const) {
    const answer = await call('move', input, request);
    assertProblem(answer, 409, 'conflict');
    assert.not.match(answer.text, /counters|steps|taken|1000/);
    const outcomes = (await auditOf(request)).map(({ outcome }) => outcome);
    assert.equal(outcomes, ['rolled_back']);
  }
  assert.equal([await counter(database, 'acme', 'a'), await counter(database, 'acme', 'b'), await steps()], before);
});

test('500 statement_failed: a fault of the declaration undoes what came before it', async () => {
  const before = await steps();
  assertProblem(await call('divide', { by: 0 }, 'zero'), 500, 'statement_failed');
  assert.is(await steps(), before);
  assert.equal(
    (await auditOf('zero')).map(({ outcome }) => outcome),
    ['rolled_back'],
  );
  assert.is((await call('divide', { by: 7 })).status, 200, 'and the connection goes on');
  assert.is(await steps(), before + 1);
});

test('409: a lock that was not to be waited for', async () => {
  const holder = new Client({ connectionString: postgres.url });
  await holder.connect();
  await holder.query("BEGIN; SELECT FROM counters WHERE tenant_id = 'acme' AND name = 'a' FOR UPDATE");
  assertProblem(await call('grab', { name: 'a' }), 409, 'conflict');
  await holder.end();
});

test('a COMMIT that PostgreSQL refuses is a rollback, whatever it says, counted and audited', async () => {
  await database.sql(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM * FROM nowhere_to_be_found; RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER late AFTER UPDATE ON counters DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION refuse()`);
  const before = [await counter(database, 'acme', 'a'), await rollbacks()];
  assertProblem(await call('increment', { name: 'a' }, 'late'), 500, 'statement_failed');
  assert.equal([await counter(database, 'acme', 'a'), (await rollbacks()) - 1], before);
  assert.equal(
    (await auditOf('late')).map(({ outcome }) => outcome),
    ['rolled_back'],
  );
  await database.sql('DROP TRIGGER late ON counters');
});

test('422 answer_too_large: measured before the commit, at the bound and one byte beyond', async () => {
  const frame = Buffer.byteLength('{"output":{"rows":[{"x":""}],"count":1}}');
  const before = await steps();
  for (const [letter, length] of [
    ['x', 32_768 - frame],
    ['€', Math.floor((32_768 - frame) / 3)],
  ] as const) {
    const full = await call('make_rows', { count: 1, length, letter });
    assert.is(full.status, 200, full.text);
    assert.is(Buffer.byteLength(full.text), frame + length * Buffer.byteLength(letter));
    assertProblem(await call('make_rows', { count: 1, length: length + 1, letter }), 422, 'answer_too_large');
  }
  for (const input of [
    { count: 1, length: 5_000_000, letter: 'x' },
    { count: 20_000, length: 1, letter: 'x' },
  ]) {
    assertProblem(await call('make_rows', input), 422, 'answer_too_large');
  }
  assert.is(await steps(), before + 2);
});

test('400: batches are bounded by batchSize and never empty; a malformed request begins nothing', async () => {
  const status = 'active';
  for (const customer_ids of [[], [1, 2, 3, 4].map(customerId)]) {
    const answer = await call('set_customer_status', { customer_ids, status });
    assert.equal(answer.json.errors, [{ path: 'input.customer_ids', expected: '1 to 3 items' }]);
  }
  const answer = await call('set_customer_status', { customer_ids: ['x'], status: 'gone' });
  assert.equal(
    answer.json.errors,
    [
      { path: 'input.customer_ids[0]', expected: 'UUID' },
      { path: 'input.status', expected: 'one of active, inactive, blocked' },
    ],
    answer.text,
  );
});

for (const [isolation, level] of Object.entries(levels)) {
  test(`runs as ${isolation}`, async () => {
    assert.equal((await call(isolation, {})).json, { output: { settings: [{ level }], count: 1 } });
  });
}

test('rows that are not answered are counted, and their table may change its shape', async () => {
  await setCounters(database, 'acme', { names: ['a'] });
  const ask = (name: string) => handler.ask('acme', { name }, { action: 'lock' });
  for (const change of ['SELECT', 'ALTER TABLE counters ADD extra int', 'ALTER TABLE counters DROP extra']) {
    await database.sql(change);
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask('a')));
    for (const { status, text } of answers) {
      assert.is(`${status} ${text}`, '200 {"output":{"count":1}}');
    }
  }
  assertProblem(await ask('nobody'), 409, 'conflict');
});

test('another tenant cannot be changed, whatever the body says', async () => {
  const body = { action: 'increment', input: { tenant_id: 'globex', name: 'a' } };
  assert.is((await handler.post('acme', JSON.stringify(body))).status, 401);
});

test.after(() => handler.stop());
test.run();
