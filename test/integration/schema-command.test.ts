/**
 * `cxone-actions schema` and what it is made of, on a real PostgreSQL: all or nothing, one after the other, within its time.
 *
 * also over docker
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isAppError } from '../../pkg/errors/app-error.ts';
import { applySchema, readSchema } from '../../pkg/postgres/apply-schema.ts';
import { systemClock } from '../../pkg/process/clock.ts';
import { createManualClock } from '../../pkg/process/manual-clock.ts';
import { startCommandLine } from '../services/command-line.ts';
import { ownDirectory } from '../services/owned.ts';
import { startPostgres } from '../services/postgres.ts';
import { until } from '../services/until.ts';

const postgres = await startPostgres();

/** Never in a transaction, which would see the server's activity as it was at its first look. */
const admin = new Client({ connectionString: postgres.url });
await admin.connect();
const clients = [admin];

/** A database of one test. */
const open = async (name: string) => {
  await admin.query(`CREATE DATABASE ${name}`);
  const url = new URL(postgres.url);
  url.pathname = `/${name}`;
  const client = new Client({ connectionString: url.href });
  await client.connect();
  clients.push(client);
  const tables = async (schema = 'public'): Promise<readonly string[]> => {
    const sql = 'SELECT tablename FROM pg_tables WHERE schemaname = $1 ORDER BY 1';
    return (await client.query<{ tablename: string }>(sql, [schema])).rows.map(({ tablename }) => tablename);
  };
  return { url: url.href, client, tables };
};
const ours = ['audit_log', 'idempotency_keys'];
const run = (...args: readonly string[]) => startCommandLine(['schema', ...args]).ended;

test('applies it from a URL and from a file, and again', async () => {
  const { url, tables } = await open('from_both');
  assert.equal(await run('--database', url), { code: 0, stdout: 'the schema is applied\n', stderr: '' });
  const file = join(ownDirectory('schema'), 'url');
  writeFileSync(file, `${url}\n`);
  assert.is((await run('--database-file', file)).code, 0);
  assert.equal(await tables(), ours);
});

test('goes where the options of its URL say, as the tables of the handler do', async () => {
  const { url, client, tables } = await open('elsewhere');
  await client.query('CREATE SCHEMA app');
  const elsewhere = new URL(url);
  elsewhere.searchParams.set('options', '-c search_path=app');
  assert.is((await run('--database', elsewhere.href)).code, 0);
  assert.equal(await tables(), []);
  assert.equal(await tables('app'), ours);
});

test('prints what it would apply', async () => {
  const { code, stdout } = await run('--print');
  assert.is(code, 0);
  for (const { name, text } of await readSchema()) assert.match(stdout, `-- ${name}\n${text}`);
});

test('says where it was refused, without the URL, and leaves nothing behind', async () => {
  const { url, client, tables } = await open('refused');
  await client.query(`CREATE ROLE visitor LOGIN PASSWORD 'very-secret'`);
  await client.query('REVOKE CREATE ON SCHEMA public FROM PUBLIC');
  const visitor = new URL(url);
  visitor.username = 'visitor';
  visitor.password = 'very-secret';
  const { code, stdout, stderr } = await run('--database', visitor.href);
  assert.equal([code, stdout], [1, '']);
  assert.is(stderr, '001_audit_log.sql: this login may not do it (SQLSTATE 42501); nothing was changed\n');
  assert.equal(await tables(), []);
});

test('wants one place, and a URL of PostgreSQL', async () => {
  for (const args of [
    [],
    ['--print', '--database', 'postgres://a'],
    ['--database', 'http://a'],
    ['--database-file', '/none'],
  ]) {
    const { code, stderr } = await run(...args);
    assert.is(code, 2, args.join(' '));
    assert.match(stderr, /--database/);
  }
});

test('a file that fails takes those before it back', async () => {
  const { url, tables } = await open('halfway');
  const seen: string[] = [];
  const files = [...(await readSchema()), { name: '999_bad.sql', text: 'SELECT nothing' }];
  await applySchema({ url, clock: systemClock, files, onFile: (name) => void seen.push(name) }).then(
    () => assert.unreachable(),
    (error: unknown) => assert.ok(isAppError(error, 'statement_failed')),
  );
  assert.is(seen.at(-1), '999_bad.sql');
  assert.equal(await tables(), []);
});

test('two at once do so one after the other', async () => {
  const { url, tables } = await open('at_once');
  await Promise.all([1, 2, 3].map(() => applySchema({ url, clock: systemClock })));
  assert.equal(await tables(), ours);
});

test('whoever waits for another gives up in time, and changes nothing', async () => {
  const { url, client, tables } = await open('locked');
  await client.query('BEGIN');
  const [first] = await readSchema();
  await client.query(first?.text ?? '');
  const clock = createManualClock();
  const applying = applySchema({ url, clock, timeoutMs: 30_000 });
  const ended = applying.then(
    () => 'applied',
    (error: unknown) => (isAppError(error, 'deadline_exceeded') ? 'deadline' : 'something else'),
  );
  await until('the wait', async () => {
    const waiting = await admin.query(
      `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = 'locked'`,
    );
    assert.is(waiting.rowCount, 1);
  });
  await clock.advance(30_000);
  assert.is(await ended, 'deadline');
  await client.query('ROLLBACK');
  await until('nothing', async () => {
    const others = await admin.query(
      `SELECT FROM pg_stat_activity WHERE application_name = 'cxone-data-actions schema'`,
    );
    assert.is(others.rowCount, 0);
  });
  assert.equal(await tables(), []);
});

test.after(async () => {
  for (const client of clients) await client.end();
});
test.run();
