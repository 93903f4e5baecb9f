// time limit: 120 s
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Client } from 'pg';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { canReach, findDatabaseUser, parseDatabaseUser } from './database-user.ts';
import { freePort } from './free-port.ts';
import { makeSymlinks, type PostgresBinaries, resolvePostgresBinaries } from './postgres-binaries.ts';
import { pickPlaces } from './postgres-places.ts';
import { createPostgresServer, type PostgresServer, type PostgresServerOptions } from './postgres-server.ts';
import { isAlive } from './process-tree.ts';

const root = mkdtempSync(join(tmpdir(), 'postgres-server-'));
chmodSync(root, 0o755);
const servers: PostgresServer[] = [];
test.after(async () => {
  await Promise.all(servers.map((server) => server.kill()));
  rmSync(root, { recursive: true, force: true });
});

/** Ends with this file, whatever its test finds. */
const ownServer = (options: PostgresServerOptions): PostgresServer => {
  const server = createPostgresServer(options);
  servers.push(server);
  return server;
};

const ask = async (server: PostgresServer, statement: string): Promise<unknown> => {
  const client = new Client({ connectionString: server.url() });
  await client.connect();
  try {
    return Object.values((await client.query(statement)).rows[0] ?? {})[0];
  } finally {
    await client.end();
  }
};

/** A signal takes effect when the process next runs, which on a busy machine is not at once. */
const untilStopped = async (pid: number | undefined): Promise<void> => {
  while (!/^State:\tT/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) await nextTurn();
};

const installed = (): PostgresBinaries => {
  const binaries = resolvePostgresBinaries('path') ?? resolvePostgresBinaries('embedded');
  assert.ok(binaries, 'no PostgreSQL programs on this machine');
  return binaries ?? { binDir: '' };
};

test('of passwd text, the postgres user goes before nobody', () => {
  const nobody = 'root:x:0:0::/:/bin/sh\nnobody:x:65534:65533::/:/bin/false\n';
  assert.equal(parseDatabaseUser(nobody), { uid: 65_534, gid: 65_533 });
  assert.equal(parseDatabaseUser(`${nobody}postgres:x:101:104::/:/bin/sh`), { uid: 101, gid: 104 });
  assert.is(parseDatabaseUser('root:x:0:0::/:/bin/sh'), undefined);
});

test('a closed directory anywhere above a path keeps the user out, and the places move', () => {
  const closed = mkdtempSync(join(root, 'closed-'));
  const user = { uid: 65_534, gid: 65_534 };
  assert.not(canReach(user, join(closed, 'a', 'b')));
  assert.ok(canReach(undefined, join(closed, 'a', 'b')));
  const wanted = join(closed, 'data');
  const places = pickPlaces({ binDir: '/usr/bin' }, wanted, user);
  assert.not(places.dataDir.startsWith(closed));
  assert.equal(pickPlaces({ binDir: '/usr/bin' }, wanted, user), places);
  assert.is(pickPlaces({ binDir: '/usr/bin' }, wanted, undefined).dataDir, wanted);
  rmSync(join(places.dataDir, '..'), { recursive: true });
});

test('missing symbolic links of the npm package are made once', () => {
  const folder = mkdtempSync(join(root, 'package-'));
  cpSync(import.meta.filename, join(folder, 'native', 'lib', 'a.so.1'), { recursive: true });
  const links = [{ source: 'native/lib/a.so.1', target: 'native/lib/a.so' }];
  writeFileSync(join(folder, 'native', 'pg-symlinks.json'), JSON.stringify(links));
  makeSymlinks(folder);
  makeSymlinks(folder);
  assert.is(readFileSync(join(folder, 'native/lib/a.so'), 'utf8'), readFileSync(import.meta.filename, 'utf8'));
});

test('data outlives a fast stop, an immediate stop and a kill, and a second start is quick', async () => {
  const places = pickPlaces(installed(), join(root, 'lasting', 'data'), findDatabaseUser());
  const server = ownServer({ ...places, port: await freePort() });
  await Promise.all([server.start(), server.start()]);
  await ask(server, 'CREATE TABLE kept AS SELECT 42 AS n');
  for (const end of [() => server.stop('fast'), () => server.stop('immediate'), () => server.kill()]) {
    const { pid = 0 } = server;
    await end();
    assert.not(isAlive(pid));
    assert.is(server.pid, undefined);
    await server.start();
    assert.is(await ask(server, 'SELECT n FROM kept'), 42);
  }
  await server.stop('fast');
  await server.stop('fast');
  assert.is(await ask(server, 'SELECT 1').catch((error) => error.code), 'ECONNREFUSED');
});

test('a paused server answers nothing until resumed, and can be stopped while paused', async () => {
  const places = pickPlaces(installed(), join(root, 'lasting', 'data'), findDatabaseUser());
  const server = ownServer({ ...places, port: await freePort() });
  await server.start();
  server.pause();
  const answer = ask(server, 'SELECT 7');
  if (existsSync('/proc/self/status')) await untilStopped(server.pid);
  server.resume();
  assert.is(await answer, 7);
  server.pause();
  await server.stop('fast');
});

test('settings reach the server, and a refused one is told with the log', async () => {
  const places = pickPlaces(installed(), join(root, 'lasting', 'data'), findDatabaseUser());
  const server = ownServer({ ...places, port: await freePort(), settings: { fsync: 'off' } });
  await server.start();
  assert.is(await ask(server, 'SHOW fsync'), 'off');
  assert.is(await ask(server, 'SHOW server_encoding'), 'UTF8');
  await server.stop('fast');
  const refused = ownServer({ ...places, port: await freePort(), settings: { no_such_setting: '1' } });
  const message = await refused.start().catch((error: Error) => error.message);
  assert.match(String(message), /ended at once.*no_such_setting/s);
});

test('a server left behind by a killed launcher is ended; one whose launcher lives is left alone', async () => {
  const places = pickPlaces(installed(), join(root, 'left', 'data'), findDatabaseUser());
  const port = await freePort();
  const script = `const { createPostgresServer } = await import(${JSON.stringify(join(import.meta.dirname, 'postgres-server.ts'))});
    const server = createPostgresServer(${JSON.stringify({ ...places, port })});
    await server.start(); process.stdout.write('ready ' + server.pid); setInterval(() => {}, 1000);`;
  const launcher = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [chunk] = await once(launcher.stdout, 'data');
  const orphan = Number(String(chunk).split(' ')[1]);
  const server = ownServer({ ...places, port });
  const message = await server.start().then(
    () => 'started',
    (error: Error) => error.message,
  );
  assert.match(message, /is in use: process \d+/);
  launcher.kill('SIGKILL');
  await once(launcher, 'close');
  assert.ok(isAlive(orphan));
  await server.start();
  assert.not(isAlive(orphan));
  await server.kill();
  writeFileSync(join(places.dataDir, 'postmaster.pid'), `${process.pid}\n`);
  await server.start();
  assert.is(await ask(server, 'SELECT 1'), 1);
  await server.stop('immediate');
});

const embedded = resolvePostgresBinaries('embedded');
const user = findDatabaseUser();

test('the npm package runs from a closed directory, by a copy beside the data', async () => {
  if (!embedded?.packageDir) throw new Error('the npm package of this platform is not installed');
  const closed = mkdtempSync(join(root, 'closed-'));
  cpSync(embedded.packageDir, join(closed, 'native'), { recursive: true, verbatimSymlinks: true });
  const inside = { binDir: join(closed, 'native', 'bin'), packageDir: join(closed, 'native') };
  const places = pickPlaces(inside, join(closed, 'data'), user);
  if (user) assert.is(statSync(join(places.binDir, 'postgres')).isFile() && places.binDir.startsWith(closed), false);
  const server = ownServer({ ...places, port: await freePort() });
  await server.start();
  assert.is(await ask(server, 'SELECT 1'), 1);
  await server.kill();
  if (user) rmSync(join(places.dataDir, '..'), { recursive: true });
  assert.ok(existsSync(closed));
});

test.run();
