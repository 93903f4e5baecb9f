/**
 * Statements that are sent together, on a real server: one packet, answered in one, and a connection that goes on.
 */
import { connect, createServer, type Socket } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { freePort } from '../../cmd/dev/free-port.ts';
import { sqlStateOf } from '../../pkg/postgres/pg-error.ts';
import { createStatement, createUnnamedStatement } from '../../pkg/postgres/statement.ts';
import type { BatchOutcome, BoundStatement } from '../../pkg/postgres/statement-batch.ts';
import { databaseLimits } from '../../pkg/process/limits.ts';
import { prepareDatabase } from '../services/database.ts';
import { minute, openDatabase } from '../services/open-database.ts';
import { startPostgres } from '../services/postgres.ts';
import { until } from '../services/until.ts';

const postgres = await startPostgres();
const { url, sql } = await prepareDatabase(postgres);

/** Counts what the client sends, packet by packet. */
let packets = 0;
const sockets = new Set<Socket>();
const port = await freePort();
const server = createServer((client) => {
  const upstream = connect(postgres.port, postgres.host);
  for (const socket of [client, upstream]) {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => {});
  }
  client.on('data', () => {
    packets += 1;
  });
  client.pipe(upstream).pipe(client);
});
await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
const target = new URL(url);
target.port = String(port);
const database = openDatabase({ url: target.href, poolMax: 1 });
await database.answers();

const bind = (text: string, ...values: readonly string[]): BoundStatement => ({
  statement: createStatement(text),
  values,
});
const together = (...statements: readonly BoundStatement[]) =>
  database.lend((_, runTogether) => runTogether(statements), minute());
const told = ({ results, failure }: BatchOutcome) => [
  ...results.map(({ rows }) => rows),
  ...(failure ? [sqlStateOf(failure.error)] : []),
];
/** Statements of a text of its own each, so that PostgreSQL has prepared none of them before. */
let news = 0;
const bindNew = (value: string): BoundStatement => bind(`SELECT $1::text AS x, '${++news}'::text AS n`, value);

test('several statements are one packet, and answered in their order', async () => {
  const statements = ['a', 'b', 'c'].map((value) => bind('SELECT $1::text AS x', value));
  await together(...statements);
  const before = packets;
  assert.equal(told(await together(...statements)), [[{ x: 'a' }], [{ x: 'b' }], [{ x: 'c' }]]);
  assert.is(packets - before, 1);
});

const insert = (n: string) => bind('INSERT INTO t VALUES (1 / $1::int) RETURNING n', n);
const inserted = async () => told(await together(bind('SELECT n FROM t ORDER BY n')));

test('without BEGIN and COMMIT they are a transaction: all of it holds, or nothing', async () => {
  await database.lend((run) => run(createUnnamedStatement('CREATE TEMP TABLE t (n int)'), []), minute());
  assert.equal(told(await together(insert('1'), insert('1'))), [[{ n: 1 }], [{ n: 1 }]]);
  assert.equal(told(await together(insert('1'), insert('0'), insert('1'))), [[{ n: 1 }], '22012']);
  assert.equal(await inserted(), [[{ n: 1 }, { n: 1 }]]);
});

test('what its end is refused for stands behind the results of all of them, and nothing holds', async () => {
  await together(bind('CREATE TEMP TABLE unique_late (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)'));
  const twice = ['1', '1'].map((n) => bind('INSERT INTO unique_late VALUES ($1::int)', n));
  assert.equal(told(await together(...twice)), [[], [], '23505']);
  assert.equal(told(await together(bind('SELECT n FROM unique_late'))), [[]]);
});

test('behind BEGIN what was done stays undecided, COMMIT is passed over, and the connection goes on', async () => {
  const outcome = await together(bind('BEGIN'), insert('1'), insert('0'), bindNew('b'), bind('COMMIT'));
  assert.equal(told(outcome), [[], [{ n: 1 }], '22012']);
  // An error is told when it comes, which is before PostgreSQL has read to the end of the packet.
  await until('the end of the packet', async () => {
    const [session] = await sql("SELECT state FROM pg_stat_activity WHERE usename = 'dataactions_handler'");
    assert.equal(session, { state: 'idle in transaction (aborted)' });
  });
  assert.equal(told(await together(bind('ROLLBACK'))), [[]]);
  assert.equal(await inserted(), [[{ n: 1 }, { n: 1 }]]);
});

test('what was passed over, or refused before its columns were known, is prepared all the same when it is asked again', async () => {
  const [passedOver, wrong] = [bindNew('a'), bind('SELECT 1 / $1::int AS quotient', 'no number')];
  assert.equal(told(await together(insert('0'), passedOver)), ['22012']);
  assert.equal(told(await together(passedOver)), [[{ x: 'a', n: `${news}` }]]);
  assert.equal(told(await together(wrong)), ['22P02']);
  for (const _ of ['the first time', 'the second'])
    assert.equal(told(await together({ ...wrong, values: ['1'] })), [[{ quotient: 1 }]]);
});

test('the same statement twice in a packet is prepared once', async () => {
  const statement = bindNew('a');
  assert.equal(told(await together(statement, { ...statement, values: ['b'] })), [
    [{ x: 'a', n: `${news}` }],
    [{ x: 'b', n: `${news}` }],
  ]);
});

const prepared = () => together(bind('SELECT count(*)::int AS prepared FROM pg_prepared_statements'));

test('a connection keeps no more prepared than it may, and a packet that fails loses no count of it', async () => {
  const [kept, first] = [bindNew('a'), bindNew('a')];
  await together(first);
  for (let n = 0; n < databaseLimits.preparedMax; n++) await together(kept, bindNew('a'));
  assert.equal(told(await prepared()), [[{ prepared: databaseLimits.preparedMax + 1 }]]);
  const passedOver = bindNew('a');
  // Each closes the oldest, though the first statement of the packet fails.
  for (let n = 0; n < 3; n++) {
    await together(bindNew('a'));
    assert.equal(told(await together(insert('0'), first, passedOver)), ['22012']);
  }
  const again = told(await together(first, passedOver, first, kept));
  assert.equal(
    again.map((rows) => Array.isArray(rows)),
    [true, true, true, true],
  );
  await together(kept);
  assert.equal(told(await prepared()), [[{ prepared: databaseLimits.preparedMax }]]);
});

test('columns that have changed since they were told are refused, and not misread', async () => {
  await together(bind('CREATE TEMP TABLE wide (a int)'), bind('INSERT INTO wide VALUES (1)'));
  const all = bind('SELECT * FROM wide');
  assert.equal(told(await together(all)), [[{ a: 1 }]]);
  await together(bind("ALTER TABLE wide ADD b text DEFAULT 'x'"));
  assert.equal(told(await together(all)), ['0A000']);
});

test('any name of a column, none, and null', async () => {
  const names = bind(`SELECT $1::text AS "__proto__", 2 AS "constructor", NULL::int AS "toString", 3 AS "a b"`, 'x');
  for (const _ of ['the first time', 'the second']) {
    const [[row]] = told(await together(names)) as unknown as [[object]];
    assert.equal(Object.entries(row), [
      ['__proto__', 'x'],
      ['constructor', 2],
      ['toString', null],
      ['a b', 3],
    ]);
  }
  assert.equal(told(await together(bind('SELECT FROM generate_series(1, 2)'))), [[{}, {}]]);
  assert.equal(told(await together(bind(''))), [[]]);
});

test('what would be streamed is refused, or passed over', async () => {
  await together(bind('CREATE TEMP TABLE copied (n int)'));
  assert.equal(told(await together(bind('COPY copied FROM STDIN'))), ['57014']);
  assert.equal(told(await together(bind('COPY (SELECT 1) TO STDOUT'), bind('SELECT 1 AS n'))), [[], [{ n: 1 }]]);
});

test('values of any kind arrive as they are', async () => {
  for (const value of ['', '-- several statements', '{a,"b"}', 'ü', '\\', '$1']) {
    assert.equal(told(await together(bind('SELECT $1::text AS x', value))), [[{ x: value }]]);
  }
  assert.equal(told(await together({ statement: createStatement('SELECT $1::text AS x'), values: [null] })), [
    [{ x: null }],
  ]);
});

test.after(async () => {
  await database.stop();
  server.close();
  for (const socket of sockets) socket.destroy();
});
test.run();
