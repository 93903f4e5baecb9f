/**
 * What is sent behind BEGIN in one packet takes effect inside the transaction or not at all.
 */
import { Client } from 'pg';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { AppError } from '../../pkg/errors/app-error.ts';
import { createStatement } from '../../pkg/postgres/statement.ts';
import type { BoundStatement } from '../../pkg/postgres/statement-batch.ts';
import { runTransaction } from '../../pkg/postgres/transaction.ts';
import { openFrame } from '../../pkg/postgres/transaction-frame.ts';
import { systemClock } from '../../pkg/process/clock.ts';
import { createDeadline } from '../../pkg/resilience/deadline.ts';
import { type IsolationLevel, isolationLevels } from '../../pkg/tenant/transaction-spec.ts';
import { prepareDatabase } from '../services/database.ts';
import { minute, type OpenDatabase, openDatabase } from '../services/open-database.ts';
import { startPostgres } from '../services/postgres.ts';

const postgres = await startPostgres();
const { url, sql, auditRows } = await prepareDatabase(postgres);
await sql('CREATE TABLE written (isolation text); GRANT INSERT ON written TO PUBLIC');

const opened: OpenDatabase[] = [];
/** One connection, so that it is the same one each time. */
const open = async (): Promise<OpenDatabase> => {
  const database = openDatabase({ url, poolMax: 1 });
  opened.push(database);
  await database.answers();
  return database;
};

const record = {
  ...{ tenantId: 'acme', action: 'write', keys: [], requestId: 'r', context: {} },
  ...({ source: 'database', outcome: 'answered' } as const),
};

const isRefused = (isolation: IsolationLevel, end?: 'commit') => async () => {
  const database = await open();
  const transaction = (text: string) =>
    runTransaction(database, { clock: systemClock, isolation, deadline: minute() }, ({ runAll }) =>
      runAll([{ statement: createStatement(text), values: [] }], end),
    ).then(
      (result) => result.end,
      (error: AppError) => error.code,
    );
  const write = `INSERT INTO written VALUES ('${isolation}')`;
  assert.is(await transaction('SELECT 1'), 'committed');
  // As behind a pooler that gives a transaction another session.
  await database.lend((run) => run(createStatement('DEALLOCATE ALL'), []), minute());
  assert.is.not(await transaction('SELECT 1'), 'committed');
  assert.equal(await sql('SELECT isolation FROM written'), []);
  assert.is(await transaction(write), 'committed', 'by a session that is as it should be');
  await sql('TRUNCATE written');
};
for (const isolation of isolationLevels) {
  const what = `${isolation}: a session that has lost what it had prepared writes nothing outside a transaction`;
  test(what, isRefused(isolation));
  test(`${what}, all in one packet`, isRefused(isolation, 'commit'));
}

for (const isolation of isolationLevels) {
  test(`${isolation} is what a transaction gets, in one packet too, whatever the role's default is`, async () => {
    await sql("ALTER ROLE dataactions_handler SET default_transaction_isolation = 'repeatable read'");
    const database = await open();
    const options = { clock: systemClock, isolation, deadline: minute() };
    const show = { statement: createStatement("SELECT current_setting('transaction_isolation') AS level"), values: [] };
    for (const end of ['commit', undefined] as const) {
      const result = await runTransaction(database, options, ({ runAll }) => runAll([show], end));
      assert.equal('value' in result && result.value.map(({ rows }) => rows), [
        [{ level: isolation.replace(/(?<=[a-z])(?=[A-Z])/, ' ').toLowerCase() }],
      ]);
    }
    await sql('ALTER ROLE dataactions_handler RESET default_transaction_isolation');
  });
}

test('the wait for audit_log ends with the bound too, and is known to have changed nothing', async () => {
  const holder = new Client({ connectionString: postgres.url });
  await holder.connect();
  await holder.query('BEGIN; LOCK TABLE audit_log IN SHARE ROW EXCLUSIVE MODE');
  const database = await open();
  const deadline = createDeadline(systemClock, 500);
  const options = { clock: systemClock, isolation: 'ReadCommitted', deadline } as const;
  const write = { statement: createStatement("INSERT INTO written VALUES ('late')"), values: [] };
  const result = await runTransaction(database, options, ({ sendAlong, runAll }) => {
    openFrame(sendAlong, record, []);
    return runAll([write], 'commit');
  });
  await holder.end();
  assert.is(result.end, 'rolled_back');
  assert.is('error' in result && result.error.code, 'deadline_exceeded');
  assert.equal(await sql('SELECT isolation FROM written'), []);
});

test('where BEGIN was refused, nothing of the packet behind it takes effect', async () => {
  const database = await open();
  const packet: BoundStatement[] = [{ statement: createStatement('BEGIN AND NO MORE'), values: [] }];
  openFrame((ahead) => packet.push(ahead), record, []);
  packet.push({ statement: createStatement("INSERT INTO written VALUES ('none')"), values: [] });
  await database.lend((_, runTogether) => runTogether(packet), minute());
  assert.equal(await sql('SELECT isolation FROM written'), []);
  assert.is(await auditRows(), 0);
});

test.after(async () => void (await Promise.all(opened.map((database) => database.stop()))));
test.run();
