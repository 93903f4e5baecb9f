/**
 * How often a transaction waits for PostgreSQL: once where nothing has to be looked at in between, as a packet is a transaction without BEGIN
 * and COMMIT, and once more for COMMIT where several statements make one answer. What PostgreSQL holds to its expectation fails as if it had been looked at.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compileTransactionSteps, runSteps } from '../../pkg/actions/transaction-steps.ts';
import type { KeptPlans } from '../../pkg/postgres/kept-plan.ts';
import { createUnnamedStatement } from '../../pkg/postgres/statement.ts';
import { runTransaction } from '../../pkg/postgres/transaction.ts';
import { openFrame } from '../../pkg/postgres/transaction-frame.ts';
import { systemClock } from '../../pkg/process/clock.ts';
import { createManualClock } from '../../pkg/process/manual-clock.ts';
import { createDeadline } from '../../pkg/resilience/deadline.ts';
import { actionSpec } from '../../pkg/tenant/action-spec.ts';
import { decodeJson } from '../../pkg/tenant/codec.ts';
import type { StatementSpec } from '../../pkg/tenant/transaction-spec.ts';
import { countPackets } from '../services/count-packets.ts';
import { createCounters, setCounters } from '../services/counters.ts';
import { prepareDatabase } from '../services/database.ts';
import { minute, openDatabase } from '../services/open-database.ts';
import { startPostgres } from '../services/postgres.ts';

const postgres = await startPostgres();
const prepared = await prepareDatabase(postgres);
await createCounters(prepared);
const database = openDatabase({ url: prepared.url, poolMax: 1 });
await database.answers();

const where = 'WHERE tenant_id = $1 AND name = ANY($2)';
const parameters = ['tenant_id', 'names'];
const change: StatementSpec = {
  text: `UPDATE counters SET n = n + 1 ${where} RETURNING name, n`,
  parameters,
  expectRows: 'PerKey',
  output: 'counters',
};
const look: StatementSpec = {
  text: `SELECT 1 FROM counters ${where}`,
  parameters,
  expectRows: 'AtLeastOne',
};
/** PostgreSQL alone knows how many rows it has changed. */
const reset: StatementSpec = {
  text: `UPDATE counters SET n = 0 ${where}`,
  parameters,
  expectRows: 'AtLeastOne',
};
const broken: StatementSpec = {
  ...look,
  text: `SELECT 1 / (n - n) FROM counters WHERE $1 <> '' AND $2::text[] <> '{}'`,
};
const noNumber: StatementSpec = { ...look, text: `SELECT ('cxone-data-actions' || n)::int FROM counters ${where}` };

const compile = (statements: readonly StatementSpec[]) => {
  const input = [{ name: 'names', type: 'String', list: true }];
  const decoded = decodeJson(actionSpec, JSON.stringify({ name: 'change', input, transaction: { statements } }));
  if (!decoded.ok || decoded.value.kind !== 'transaction') throw new TypeError('no transaction');
  return compileTransactionSteps(decoded.value);
};

const madeAnew: KeptPlans = { formOf: (plain) => plain };
const keptAlways: KeptPlans = { formOf: (plain) => plain.kept?.() ?? plain };

interface RunOptions {
  readonly commits?: boolean;
  readonly keptPlans?: KeptPlans;
  /** With its audit row. */
  readonly framed?: boolean;
}

const record = {
  ...{ tenantId: 'acme', action: 'change', keys: [], requestId: 'r', context: {} },
  ...({ source: 'database', outcome: 'answered' } as const),
};

/** Runs them for `names`, and tells how, with what was sent: `+` between what one packet had. */
const run = async (
  statements: readonly StatementSpec[],
  names: readonly string[],
  { commits = true, keptPlans = madeAnew, framed = false }: RunOptions = {},
) => {
  await setCounters(prepared, 'acme', { names: ['a', 'b'], n: 7 });
  const steps = compile(statements);
  const { database: counting, packets, sizes } = countPackets(database);
  const options = { clock: systemClock, isolation: 'ReadCommitted', deadline: minute() } as const;
  const result = await runTransaction(counting, options, (session) => {
    if (framed) openFrame(session.sendAlong, record, []);
    return runSteps(steps, session, { tenantId: 'acme', input: { names }, keptPlans, commits });
  });
  const rows = await prepared.sql("SELECT string_agg(n::text, ' ' ORDER BY name) AS n FROM counters");
  const told = 'error' in result ? [result.error.code, result.error.details] : [result.value];
  return { end: result.end, told, packets, sizes, left: rows[0]?.n };
};

const both = '"counters":[{"name":"a","n":8},{"name":"b","n":8}]';

test('a statement whose rows are answered: all in one packet', async () => {
  const { end, told, packets, left } = await run([change], ['a', 'b']);
  assert.equal([end, ...told, left], ['committed', `{"output":{${both},"count":2}}`, '8 8']);
  assert.equal(packets, ['statement']);
});

test('the same where something has still to be done before COMMIT', async () => {
  const { end, packets, left } = await run([change], ['a', 'b'], { commits: false });
  assert.equal([end, left], ['committed', '8 8']);
  assert.equal(packets, ['BEGIN+statement', 'COMMIT']);
});

test('where plans are kept they do the same', async () => {
  for (const statements of [
    [change],
    [look],
    [reset],
    [look, reset, change],
    [change, broken],
    [{ ...reset, expectRows: 'Any' as const }],
  ]) {
    for (const names of [['a', 'b'], ['a'], ['nobody'], []]) {
      const anew = await run(statements, names);
      assert.equal(await run(statements, names, { keptPlans: keptAlways }), anew);
    }
  }
});

test('several that PostgreSQL holds to what they expect: one packet, and COMMIT when the answer was measured', async () => {
  const { end, told, packets } = await run([look, change, look], ['a', 'b']);
  assert.equal([end, ...told], ['committed', `{"output":{${both},"count":6}}`]);
  assert.equal(packets, ['BEGIN+statement+statement+statement', 'COMMIT']);
});

test('one whose rows nobody counts but PostgreSQL: it is waited for', async () => {
  const { end, packets, left } = await run([look, reset, change], ['a', 'b']);
  assert.equal([end, left], ['committed', '1 1']);
  assert.equal(packets, ['BEGIN+statement+statement', 'statement', 'COMMIT']);
  assert.equal((await run([reset], ['a'])).packets, ['BEGIN+statement', 'COMMIT']);
});

test('one that expects nothing, and whose rows nobody is given: one packet', async () => {
  const anything: StatementSpec = { ...reset, expectRows: 'Any' };
  const { end, told, packets, left } = await run([anything], ['a', 'nobody']);
  assert.equal([end, ...told, left], ['committed', '{"output":{"count":1}}', '0 7']);
  assert.equal(packets, ['statement']);
  assert.equal((await run([look, anything], ['a'])).packets, ['BEGIN+statement+statement', 'COMMIT']);
  assert.equal((await run([anything, look], ['a'])).packets, ['BEGIN+statement+statement', 'COMMIT']);
});

for (const spoilt of ['default_transaction_read_only = on', "search_path = 'pg_catalog'"]) {
  test(`a session that is not what it should be is not used again, though COMMIT has ended the transaction: ${spoilt}`, async () => {
    await database.lend((ask) => ask(createUnnamedStatement(`SET ${spoilt}`), []), minute());
    const { end, left } = await run([change], ['a', 'b']);
    assert.equal([end, left], ['rolled_back', '7 7']);
    assert.is((await run([change], ['a', 'b'])).end, 'committed');
  });
}

const expected = { PerKey: 'one row for each of input.names', AtLeastOne: 'at least one row' } as const;

for (const [what, statements, failing, expectation, packets] of [
  ['alone', [change], 0, 'PerKey', ['statement']],
  ['ahead of others', [change, look], 0, 'PerKey', ['BEGIN+statement+statement', 'ROLLBACK']],
  ['ahead of one that would fail', [change, broken], 0, 'PerKey', ['BEGIN+statement+statement', 'ROLLBACK']],
  ['behind others', [look, change], 1, 'PerKey', ['BEGIN+statement+statement', 'ROLLBACK']],
] as const) {
  test(`an expectation that is not met, ${what}: its statement is named, and nothing holds`, async () => {
    const result = await run(statements, ['a', 'nobody']);
    assert.equal(result.told, ['conflict', [{ path: `statements[${failing}]`, expected: expected[expectation] }]]);
    assert.equal([result.end, result.left], ['rolled_back', '7 7']);
    assert.equal(result.packets, packets);
    assert.is((await run([change], ['a', 'b'])).end, 'committed', 'and the connection goes on');
  });
}

for (const step of [look, reset]) {
  test(`at least one row, of ${step.text.slice(0, 6)}: none is a conflict`, async () => {
    const { end, told } = await run([step], ['nobody']);
    assert.equal(
      [end, ...told],
      ['rolled_back', 'conflict', [{ path: 'statements[0]', expected: expected.AtLeastOne }]],
    );
  });
}

test('what a declared statement fails with is its own, though it reads like ours', async () => {
  for (const statement of [noNumber, broken]) {
    const { end, told, left } = await run([statement], ['a']);
    assert.equal([end, told[0], left], ['rolled_back', 'statement_failed', '7 7']);
  }
});

test('time bounds stand ahead of all and between two statements, and nowhere else', async () => {
  for (const [statements, sizes] of [
    [[change], [4]],
    [
      [change, look],
      [7, 1],
    ],
    [
      [reset, look],
      [5, 1, 1],
    ],
  ] as const)
    assert.equal((await run(statements, ['a', 'b'], { framed: true })).sizes, sizes);
  assert.equal((await run([change], ['a', 'b'])).sizes, [2]);
});

test('what is answered is what was asked for, whatever else a packet has', async () => {
  const clock = createManualClock();
  const options = { clock, isolation: 'ReadCommitted', deadline: createDeadline(clock, 60_000) } as const;
  const tell = (n: number) => ({ statement: createUnnamedStatement(`SELECT ${n} AS n`), values: [] });
  const { end } = await runTransaction(database, options, async ({ sendAlong, runAll }) => {
    for (const first of [1, 5]) {
      sendAlong(tell(first));
      sendAlong(tell(first + 1));
      const results = await runAll([tell(first + 2), tell(first + 3)]);
      assert.equal(
        results.map(({ rows }) => rows),
        [[{ n: first + 2 }], [{ n: first + 3 }]],
      );
      await clock.advance(10_000);
    }
  });
  assert.is(end, 'committed');
});

test('after COMMIT nothing is run any more', async () => {
  const options = { clock: systemClock, isolation: 'ReadCommitted', deadline: minute() } as const;
  const [step] = compile([look]);
  assert.ok(step);
  const bound = { statement: step.statement.statement, values: ['acme', '{a}'] };
  const { end } = await runTransaction(database, options, async ({ runAll }) => {
    await runAll([bound], 'commit');
    await runAll([bound]);
  });
  assert.is(end, 'unknown', 'it holds, and its answer could not be made');
});

test.after(() => database.stop());
test.run();
