/**
 * Statements that are sent together, on a real server: one packet, one outcome each, and a connection that goes on.
 */
import { connect, createServer, type Socket } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { freePort } from '../../cmd/dev/free-port.ts';
import { sqlStateOf } from '../../pkg/postgres/pg-error.ts';
import { createStatement, createUnnamedStatement } from '../../pkg/postgres/statement.ts';
import type { BoundStatement, StatementOutcome } from '../../pkg/postgres/statement-batch.ts';
import { prepareDatabase } from '../services/database.ts';
import { minute, openDatabase } from '../services/open-database.ts';
import { startPostgres } from '../services/postgres.ts';

const postgres = await startPostgres();
const { url } = await prepareDatabase(postgres);

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
const told = (outcomes: readonly StatementOutcome[]) =>
  outcomes.map((outcome) => ('error' in outcome ? sqlStateOf(outcome.error) : outcome.rows));

test('several statements are one packet, and answered in their order', async () => {
  const statements = ['a', 'b', 'c'].map((value) => bind('SELECT $1::text AS x', value));
  await together(...statements);
  const before = packets;
  assert.equal(told(await together(...statements)), [[{ x: 'a' }], [{ x: 'b' }], [{ x: 'c' }]]);
  assert.is(packets - before, 1);
});

test('one that is refused is an outcome; outside a transaction, those behind it run', async () => {
  const outcomes = await together(bind('SELECT 1 / $1::int AS x', '0'), bind('SELECT $1::int AS x', '2'));
  assert.equal(told(outcomes), ['22012', [{ x: 2 }]]);
});

test('in a transaction, those behind it fail because of it, COMMIT rolls back, and the connection goes on', async () => {
  await database.lend((run) => run(createUnnamedStatement('CREATE TEMP TABLE t (n int)'), []), minute());
  const insert = (n: string) => bind('INSERT INTO t VALUES (1 / $1::int) RETURNING n', n);
  // Of these two, PostgreSQL has prepared neither before.
  const outcomes = await together(
    bind('BEGIN'),
    insert('1'),
    insert('0'),
    bind('SELECT $1::text AS new', ''),
    bind('COMMIT'),
  );
  assert.equal(told(outcomes), [[], [{ n: 1 }], '22012', '25P02', []]);
  assert.equal(told(await together(bind('SELECT $1::text AS new', 'x'), bind('SELECT count(*)::int AS n FROM t'))), [
    [{ new: 'x' }],
    [{ n: 0 }],
  ]);
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
