/**
 * Group commit on a real server: nobody is answered before the row is there for all to see.
 *
 * also over docker
 */
import { randomUUID } from 'node:crypto';
import { Pool } from 'pg';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isAppError } from '../../pkg/errors/app-error.ts';
import { createAuditLog } from '../../pkg/postgres/audit-log.ts';
import type { AuditRecord } from '../../pkg/postgres/audit-record.ts';
import { systemClock } from '../../pkg/process/clock.ts';
import { databaseLimits } from '../../pkg/process/limits.ts';
import { createDeadline } from '../../pkg/resilience/deadline.ts';
import { prepareDatabase } from '../services/database.ts';
import { minute, openDatabase } from '../services/open-database.ts';
import { startPostgres } from '../services/postgres.ts';
import { createStatementGate } from '../services/statement-gate.ts';

const postgres = await startPostgres();
const { url, sql } = await prepareDatabase(postgres);
const gate = await createStatementGate(postgres.url);
const database = openDatabase({ url });
await database.answers();
const witness = new Pool({ connectionString: postgres.url, max: 5 });
await sql(`CREATE TRIGGER gate AFTER INSERT ON audit_log FOR EACH STATEMENT EXECUTE FUNCTION wait_gate_trigger()`);

const open = () => {
  const commits: number[] = [];
  const failures: number[] = [];
  const hooks = {
    onCommit: (rows: number) => void commits.push(rows),
    onFailure: (rows: number) => void failures.push(rows),
  };
  return { commits, failures, log: createAuditLog({ database, clock: systemClock, statementTimeoutMs: 5_000, hooks }) };
};

const record = (requestId: string, more: Partial<AuditRecord> = {}): AuditRecord => ({
  tenantId: 'acme',
  action: 'get',
  keys: ['a'],
  requestId,
  source: 'memory',
  outcome: 'answered',
  context: {},
  ...more,
});

const rowsOf = async (requestId: string) => {
  const { rows } = await witness.query<Record<string, unknown>>('SELECT * FROM audit_log WHERE request_id = $1', [
    requestId,
  ]);
  return rows;
};
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'committed',
    (error: unknown) => (isAppError(error) ? error.code : String(error)),
  );

test('an append resolves when its row is committed, and not before', async () => {
  const { log } = open();
  await gate.hold();
  let resolved = false;
  const appended = log.append([record('early')], minute()).then(() => {
    resolved = true;
  });
  await gate.waiting(1);
  assert.is((await rowsOf('early')).length, 0);
  assert.is(resolved, false);
  await gate.release();
  await appended;
  assert.is((await rowsOf('early')).length, 1);
});

test('a row of fifty UUIDs stays in the table itself, uncompressed', async () => {
  const { log } = open();
  const apart = async () => {
    const { rows } = await witness.query<{ bytes: string }>(
      `SELECT pg_relation_size(reltoastrelid) AS bytes FROM pg_class WHERE oid = 'audit_log'::regclass`,
    );
    return Number(rows[0]?.bytes);
  };
  const before = await apart();
  const alike = Array.from({ length: 50 }, () => '11ef6a32-c573-4d80-b014-0242ac110004');
  const unlike = Array.from({ length: 50 }, () => randomUUID());
  await log.append([record('alike', { keys: alike }), record('unlike', { keys: unlike })], minute());
  assert.is(await apart(), before);
  const { rows } = await witness.query(
    `SELECT pg_column_compression(customer_ids) AS by FROM audit_log WHERE request_id IN ('alike', 'unlike')`,
  );
  assert.equal(rows, [{ by: null }, { by: null }]);
});

test('rows of many requests share a commit, and each is visible at the moment its append resolves', async () => {
  const { log, commits } = open();
  const ids = Array.from({ length: 450 }, (_, n) => `many-${n}`);
  const seen = await Promise.all(
    ids.map(async (id) => {
      await log.append([record(id)], minute());
      return (await rowsOf(id)).length;
    }),
  );
  assert.equal(new Set(seen), new Set([1]));
  assert.equal(
    commits.toSorted((one, other) => other - one),
    [databaseLimits.auditRowsMax, databaseLimits.auditRowsMax, 50],
  );
});

test('a row holds what its request brought, whatever characters that has', async () => {
  const { log } = open();
  const keys = ['', 'NULL', '{a,b}', '"\\', '\t\n ', '😀', `'); DROP TABLE audit_log; --`];
  const context = { 'k"{}': 'v\\,"\n😀', empty: '' };
  await log.append([record('odd', { keys, action: 'a-b.c', context })], minute());
  await log.append([record('none', { keys: [], source: 'redis', outcome: 'rolled_back' })], minute());
  const [{ id: _, created_at, ...row } = {}] = await rowsOf('odd');
  assert.equal(row, {
    tenant_id: 'acme',
    customer_ids: keys,
    action: 'a-b.c',
    request_id: 'odd',
    source: 'memory',
    outcome: 'answered',
    context,
  });
  assert.instance(created_at, Date);
  const [none] = await rowsOf('none');
  assert.equal([none?.customer_ids, none?.source, none?.outcome], [[], 'redis', 'rolled_back']);
});

test('a failed commit reaches exactly those whose rows were in it', async () => {
  const { log, commits, failures } = open();
  await sql(`ALTER TABLE audit_log ADD CONSTRAINT no_bad CHECK (request_id <> 'bad')`);
  await gate.hold();
  const first = codeOf(log.append([record('before')], minute()));
  await gate.waiting(1);
  const second = ['good', 'bad'].map((id) => codeOf(log.append([record(id)], minute())));
  await gate.release();
  assert.is(await first, 'committed');
  assert.equal(await Promise.all(second), ['database_unavailable', 'database_unavailable']);
  assert.is(await codeOf(log.append([record('after')], minute())), 'committed');
  assert.equal([commits, failures], [[1, 1], [2]]);
  const there = await Promise.all(['before', 'good', 'bad', 'after'].map(async (id) => (await rowsOf(id)).length));
  assert.equal(there, [1, 0, 0, 1]);
});

test('who waits leaves at the own deadline, and its row is not written any more', async () => {
  const { log, commits } = open();
  await gate.hold();
  const first: Promise<string>[] = [];
  for (let under = 1; under <= databaseLimits.auditCommitsInFlightMax; under += 1) {
    first.push(codeOf(log.append([record('slow')], minute())));
    await gate.waiting(under);
  }
  assert.is(await codeOf(log.append([record('late')], createDeadline(systemClock, 20))), 'deadline_exceeded');
  await gate.release();
  assert.equal(new Set(await Promise.all(first)), new Set(['committed']));
  assert.equal(commits, [1, 1]);
  await log.append([record('last')], minute());
  assert.is((await rowsOf('late')).length, 0);
});

test('without its table or its right the log is unavailable, and works again with it', async () => {
  const { log } = open();
  await sql('REVOKE INSERT ON audit_log FROM dataactions_service');
  await sql('ALTER TABLE audit_log RENAME TO elsewhere');
  assert.is(await codeOf(log.append([record('x')], minute())), 'database_unavailable');
  await sql('ALTER TABLE elsewhere RENAME TO audit_log');
  assert.is(await codeOf(log.append([record('x')], minute())), 'database_unavailable');
  await sql(
    'GRANT INSERT (tenant_id, customer_ids, action, request_id, source, outcome, context) ON audit_log TO dataactions_service',
  );
  assert.is(await codeOf(log.append([record('x')], minute())), 'committed');
});

test.after(async () => {
  await Promise.allSettled([gate.close(), database.stop(), witness.end()]);
});
test.run();
