/**
 * `startPostgres()`: a PostgreSQL server of the caller's own, ended with the test process. Fast, not durable: fsync is off.
 *
 * A cluster is made once for each set of programs, kept as a template below node_modules/.cache, and copied for each server.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { findDatabaseUser } from '../../cmd/dev/database-user.ts';
import { freePort } from '../../cmd/dev/free-port.ts';
import { type PostgresBinaries, resolvePostgresBinaries } from '../../cmd/dev/postgres-binaries.ts';
import { initDatabase } from '../../cmd/dev/postgres-init.ts';
import { pickPlaces } from '../../cmd/dev/postgres-places.ts';
import { createPostgresServer } from '../../cmd/dev/postgres-server.ts';
import { type Choice, chooseWay } from './choice.ts';
import { startContainer } from './containers.ts';
import { ownDirectory, ownProcess } from './owned.ts';
import type { Service } from './service.ts';

export type TestPostgres = Service;
type Settings = Readonly<Record<string, string>>;

const image = process.env.TEST_POSTGRES_IMAGE ?? 'postgres:17-alpine';
const settings = { fsync: 'off', full_page_writes: 'off', jit: 'off' };
const cacheDir = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'cxone-data-actions');

const say = (line: string): void => void process.stdout.write(`${line}\n`);

export const choosePostgres = (): Promise<Choice> =>
  chooseWay(
    {
      name: 'PostgreSQL',
      image,
      here: {
        path: () => resolvePostgresBinaries('path') !== undefined,
        embedded: () => resolvePostgresBinaries('embedded') !== undefined,
      },
      install: 'Run `npm ci` with install scripts and optional packages on, or `apt-get install postgresql`.',
    },
    process.env.TEST_POSTGRES_FROM ?? process.env.TEST_SERVICES,
    say,
  );

/** @param overrides  of postgresql.conf, for tests that want it as in production */
export const startPostgres = async (overrides: Settings = {}): Promise<TestPostgres> => {
  const choice = await choosePostgres();
  if ('missing' in choice) throw new Error(choice.missing);
  const wanted = { ...settings, ...overrides };
  return choice.way === 'docker' ? inContainer(wanted) : fromPrograms(binariesOf(choice.way), wanted);
};

/** Makes the template ahead of the test files, which would each make one if they began together. */
export const warmUpPostgres = async (): Promise<void> => {
  const choice = await choosePostgres();
  if ('way' in choice && choice.way !== 'docker') template(binariesOf(choice.way), ownDirectory('postgres-template'));
};

const binariesOf = (way: 'path' | 'embedded'): PostgresBinaries => {
  const binaries = resolvePostgresBinaries(way);
  if (!binaries) throw new Error(`no PostgreSQL programs by way of ${way}`);
  return binaries;
};

const fromPrograms = async (binaries: PostgresBinaries, settings: Settings): Promise<TestPostgres> => {
  const user = findDatabaseUser();
  const folder = ownDirectory('postgres');
  const places = pickPlaces(binaries, join(folder, 'data'), user);
  run('cp', ['-R', template(binaries, folder), places.dataDir]);
  if (user) run('chown', ['-R', `${user.uid}:${user.gid}`, places.dataDir]);
  const port = await freePort();
  const server = createPostgresServer({ ...places, port, settings });
  ownProcess(() => server.pid);
  server.unref();
  await server.start();
  return {
    host: '127.0.0.1',
    port,
    url: server.url(),
    start: server.start,
    stop: () => server.stop('fast'),
    kill: server.kill,
    pause: async () => server.pause(),
    resume: async () => server.resume(),
  };
};

/** Whoever is first puts it in place by a rename; the others throw theirs away. */
const template = (binaries: PostgresBinaries, workDir: string): string => {
  const version = createHash('sha256').update(binaries.binDir).digest('hex').slice(0, 12);
  const path = join(cacheDir, `postgres-${version}`);
  if (existsSync(path)) return path;
  const user = findDatabaseUser();
  const places = pickPlaces(binaries, join(workDir, 'template'), user);
  initDatabase(places, user);
  mkdirSync(cacheDir, { recursive: true });
  const copy = `${path}.${process.pid}`;
  run('cp', ['-R', places.dataDir, copy]);
  try {
    renameSync(copy, path);
  } catch (error) {
    rmSync(copy, { recursive: true });
    if (!existsSync(path)) throw error;
  }
  return path;
};

const run = (program: string, args: readonly string[]): void => {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} failed: ${stderr}`);
};

const inContainer = async (settings: Settings): Promise<TestPostgres> => {
  const port = await freePort();
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  return startContainer({
    image,
    containerPort: 5432,
    port,
    url,
    command: Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    environment: { POSTGRES_PASSWORD: 'postgres', POSTGRES_HOST_AUTH_METHOD: 'trust' },
    probe: () => probe(url),
  });
};

const probe = async (url: string): Promise<void> => {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 1_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('SELECT 1');
  } finally {
    await client.end().catch(() => {});
  }
};
