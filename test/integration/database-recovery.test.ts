/**
 * The pool over what happens to a server: away at boot, killed, hanging, terminated connections. It recovers by itself, every
 * wait ends, and no slot or connection is lost on the way.
 *
 * also over docker
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isAppError } from '../../pkg/errors/app-error.ts';
import { createUnnamedStatement } from '../../pkg/postgres/statement.ts';
import { systemClock } from '../../pkg/process/clock.ts';
import { databaseLimits } from '../../pkg/process/limits.ts';
import { createManualClock } from '../../pkg/process/manual-clock.ts';
import { createDeadline } from '../../pkg/resilience/deadline.ts';
import { prepareDatabase } from '../services/database.ts';
import { minute, openDatabase } from '../services/open-database.ts';
import { startPostgres } from '../services/postgres.ts';
import { createStatementGate, usesWholePool } from '../services/statement-gate.ts';
import { startTcpProxy } from '../services/tcp-proxy.ts';
import { until } from '../services/until.ts';

const postgres = await startPostgres();
const { url, sql } = await prepareDatabase(postgres);
const statementTimeoutMs = 500;
const closers: (() => Promise<unknown>)[] = [];
const codeOf = (error: unknown): string => (isAppError(error) ? error.code : String(error));
const failure = (work: Promise<unknown>): Promise<string> => work.then(() => 'answered', codeOf);

const open = (target = url) => {
  const heard: string[] = [];
  const hooks = { onReady: () => void heard.push('ready'), onUnavailable: () => void heard.push('unavailable') };
  const database = openDatabase({ url: target, poolMin: 2, statementTimeoutMs, hooks });
  closers.push(database.stop);
  return { heard, database };
};

const openProxy = async () => {
  const proxy = await startTcpProxy(postgres);
  closers.push(proxy.close);
  const target = new URL(url);
  target.port = String(proxy.port);
  return { proxy, target: target.href };
};

const throughProxy = async () => {
  const { proxy, target } = await openProxy();
  return { proxy, ...open(target) };
};

const openGate = async () => {
  const gate = await createStatementGate(postgres.url);
  closers.push(gate.close);
  return gate;
};

const settled = async (database: ReturnType<typeof openDatabase>) => {
  await database.answers();
  await usesWholePool(database, await openGate());
};

const prepareDeaf = async () => {
  await openGate();
  // Deaf to its statement_timeout.
  await sql(`CREATE OR REPLACE FUNCTION deaf() RETURNS void LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_sleep(60); EXCEPTION WHEN query_canceled THEN PERFORM wait_gate(); END $$`);
};
await prepareDeaf();

test('boots without a server, says so, answers 503 meanwhile, and finds it by itself', async () => {
  await postgres.stop();
  const { database, heard } = open();
  await until('the first refusal', async () => assert.ok(heard.includes('unavailable')));
  assert.is(database.reached(), false);
  assert.is(await failure(database.run('SELECT $1')), 'database_unavailable');
  await postgres.start();
  await settled(database);
  assert.is(database.reached(), true);
  assert.equal(
    heard.filter((word) => word === 'ready'),
    ['ready'],
  );
});

test('over a killed server: statements under way fail as unavailable, later ones too, and it recovers', async () => {
  const { database } = open();
  await settled(database);
  const gate = await openGate();
  await gate.hold();
  const under = Array.from({ length: 2 * database.poolMax }, () =>
    failure(database.run('SELECT wait_gate(), $1::text')),
  );
  await gate.waiting(database.poolMax);
  await postgres.kill();
  assert.equal(new Set(await Promise.all(under)), new Set(['database_unavailable']));
  const flood = Array.from({ length: 50 }, () => failure(database.run('SELECT $1::text')));
  assert.equal(new Set(await Promise.all(flood)), new Set(['database_unavailable']));
  await postgres.start();
  await settled(database);
  assert.is(database.reached(), true);
});

test('over terminated connections: only who was on them notices', async () => {
  const { database } = open();
  await settled(database);
  await sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'dataactions_handler'`);
  await settled(database);
});

test('over a hanging network: each statement ends, new connections too, and it recovers', async () => {
  const { database, proxy, heard } = await throughProxy();
  await settled(database);
  await proxy.mode('hang');
  const lost = await Promise.all(
    Array.from({ length: 3 * database.poolMax }, () => failure(database.run('SELECT $1::text'))),
  );
  for (const code of lost) assert.ok(['deadline_exceeded', 'database_unavailable'].includes(code), code);
  await until('an attempt on the hanging network', async () => assert.ok(heard.includes('unavailable')));
  await proxy.mode('forward');
  await settled(database);
});

test('a network that hangs right after the first connection is recovered from as well', async () => {
  const { proxy, target } = await openProxy();
  const connected = Promise.withResolvers<void>();
  const onReady = () => void proxy.mode('hang').then(connected.resolve);
  const database = openDatabase({ url: target, poolMin: 2, statementTimeoutMs, hooks: { onReady } });
  closers.push(database.stop);
  await connected.promise;
  assert.is(await failure(database.run('SELECT $1::text')), 'database_unavailable');
  await proxy.mode('forward');
  await settled(database);
});

test('over a stopped server process: each statement ends, and it recovers', async () => {
  const { database } = open();
  await settled(database);
  await postgres.pause();
  const lost = await Promise.all(
    Array.from({ length: database.poolMax }, () => failure(database.run('SELECT $1::text'))),
  );
  for (const code of lost) assert.ok(['deadline_exceeded', 'database_unavailable'].includes(code), code);
  await postgres.resume();
  await settled(database);
});

for (const [others, text, outcome] of [
  ['answered', 'SELECT pg_sleep(0.2), $1::text', 'answered'],
  ['ended by their time-out', 'SELECT pg_sleep(60), $1::text', 'deadline_exceeded'],
  ['refused', `SELECT pg_sleep(0.2), ($1::text || 'nowhere')::regclass`, 'statement_failed'],
] as const) {
  test(`one connection that falls silent is given up alone where statements on the others are ${others}`, async () => {
    const { database, heard } = open();
    await settled(database);
    const gate = await openGate();
    await gate.hold();
    let silent = true;
    const deaf = failure(database.run('SELECT deaf(), $1::text')).finally(() => {
      silent = false;
    });
    const codes = new Set<string>();
    const lane = async () => {
      while (silent) codes.add(await failure(database.run(text)));
    };
    await Promise.all([lane(), lane(), lane()]);
    const code = await deaf;
    await gate.release();
    assert.is(code, 'deadline_exceeded');
    assert.equal(codes, new Set([outcome]));
    assert.equal(heard, ['ready']);
    await settled(database);
  });
}

test('so is one that was lent: what is answered on another that is lent meanwhile shows the pool alive', async () => {
  const { database, heard } = open();
  await settled(database);
  const gate = await openGate();
  await gate.hold();
  const deadline = createDeadline(systemClock, 100);
  let silent = true;
  const deaf = failure(database.lend((run) => run(createUnnamedStatement('SELECT deaf(), $1::text'), ['']), deadline));
  const noticed = deaf.finally(() => {
    silent = false;
  });
  const busy = failure(
    database.lend(async (run) => {
      while (silent) await run(createUnnamedStatement('SELECT pg_sleep(0.05), $1::text'), ['']);
    }, minute()),
  );
  assert.is(await noticed, 'deadline_exceeded');
  assert.is(await busy, 'answered');
  await gate.release();
  assert.equal(heard, ['ready']);
  await settled(database);
});

test('a stall that ends before a statement could have is not the end of the pool, though a ping and a transaction meet it', async () => {
  const { proxy, target } = await openProxy();
  const clock = createManualClock();
  const database = openDatabase({ url: target, clock, poolMin: 2 });
  closers.push(database.stop);
  const gate = await openGate();
  await database.answers();
  await usesWholePool(database, gate);
  await clock.advance(databaseLimits.poolPingIntervalMs - 1);
  await until('the end of all that', async () => assert.is(database.stats().idle, database.poolMax));
  await gate.hold();
  const under = failure(database.run('SELECT wait_gate(), $1::text'));
  await gate.waiting(1);
  await proxy.mode('hang');
  // Given up after any ping that is given up with a connection.
  const deadline = createDeadline(clock, databaseLimits.connectTimeoutMs);
  const given = failure(database.lend((run) => run(createUnnamedStatement('SELECT $1::text'), ['']), deadline));
  await clock.advance(databaseLimits.connectTimeoutMs + databaseLimits.silenceMarginMs);
  const givenUp = await given;
  const { active } = database.stats();
  await proxy.mode('forward');
  await gate.release();
  assert.is(givenUp, 'deadline_exceeded');
  assert.is(active, 3, 'the pings and what was under way before');
  assert.is(await under, 'answered');
});

test('an answer that came while this process was busy is read, however long that took', async () => {
  const { database } = open();
  await settled(database);
  const asked = failure(database.run('SELECT pg_sleep(0.1), $1::text'));
  await new Promise(setImmediate);
  const busyMs = 1.5 * (statementTimeoutMs + databaseLimits.silenceMarginMs);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, busyMs);
  assert.is(await asked, 'answered');
});

test('stop ends within its bounds while the server hangs, and whoever waits is told', async () => {
  const { database, proxy } = await throughProxy();
  await settled(database);
  await proxy.mode('hang');
  const waiting = Array.from({ length: 3 * database.poolMax }, () => failure(database.run('SELECT $1::text')));
  await database.stop();
  await database.stop();
  for (const code of await Promise.all(waiting)) {
    assert.ok(['stopping', 'database_unavailable', 'deadline_exceeded'].includes(code), code);
  }
  assert.is(await failure(database.run('SELECT $1')), 'stopping');
});

test.after(async () => {
  await Promise.allSettled(closers.map((close) => close()));
});
test.run();
