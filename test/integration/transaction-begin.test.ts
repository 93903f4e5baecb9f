/**
 * What is sent behind BEGIN in one packet takes effect inside the transaction or not at all.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { AppError } from '../../pkg/errors/app-error.ts';
import { createStatement } from '../../pkg/postgres/statement.ts';
import type { BoundStatement } from '../../pkg/postgres/statement-batch.ts';
import { runTransaction } from '../../pkg/postgres/transaction.ts';
import { openFrame } from '../../pkg/postgres/transaction-frame.ts';
import { systemClock } from '../../pkg/process/clock.ts';
import { isolationLevels } from '../../pkg/tenant/transaction-spec.ts';
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

for (const isolation of isolationLevels) {
  test(`${isolation}: a session that has lost what it had prepared writes nothing outside a transaction`, async () => {
    const database = await open();
    const transaction = (text: string, mayEnd: boolean) =>
      runTransaction(database, { clock: systemClock, isolation, deadline: minute() }, async ({ run }) => {
        await run(createStatement(text), []);
        if (!mayEnd) throw new AppError('conflict');
      });
    assert.is((await transaction('SELECT 1', true)).end, 'committed');
    // As behind a pooler that gives a transaction another session.
    await database.lend((run) => run(createStatement('DEALLOCATE ALL'), []), minute());
    // New to the connection, so that it is prepared and run.
    const { end } = await transaction(`INSERT INTO written VALUES ('${isolation}')`, false);
    assert.is(end, 'rolled_back');
    assert.equal(await sql('SELECT isolation FROM written'), []);
  });
}

test('where BEGIN was refused, nothing of the packet behind it takes effect', async () => {
  const database = await open();
  const record = { tenantId: 'acme', action: 'write', keys: [], requestId: 'r', context: {} };
  const packet: BoundStatement[] = [{ statement: createStatement('BEGIN AND NO MORE'), values: [] }];
  const audit = { ...record, source: 'database', outcome: 'answered' } as const;
  openFrame((ahead) => packet.push(ahead), audit, { timeout: '60000', news: [] });
  packet.push({ statement: createStatement("INSERT INTO written VALUES ('none')"), values: [] });
  // The session ends, and the next one answers.
  await database.lend((_, runTogether) => runTogether(packet), minute()).catch(() => {});
  await database.answers();
  assert.equal(await sql('SELECT isolation FROM written'), []);
  assert.is(await auditRows(), 0);
});

test.after(async () => void (await Promise.all(opened.map((database) => database.stop()))));
test.run();
