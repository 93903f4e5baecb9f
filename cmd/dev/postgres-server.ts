/**
 * A real PostgreSQL server run from a directory of programs, on loopback, for `npm start` and for tests.
 *
 * States: idle (no process) -start-> running -stop|kill|its own end-> idle. A server of an earlier run whose launcher was
 * killed is ended first. Does not choose programs or places: postgres-binaries.ts and postgres-places.ts do.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { devLimits } from '../../pkg/process/limits.ts';
import { findDatabaseUser } from './database-user.ts';
import { initDatabase, type ProgramsAndData, programEnvironment } from './postgres-init.ts';
import { commandLine, isAlive, processTree, signal, waitUntilGone } from './process-tree.ts';

export interface PostgresServerOptions extends ProgramsAndData {
  readonly port: number;
  /** Of postgresql.conf, e.g. `{fsync: 'off'}`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** In a process group of its own, so that Ctrl-C in a terminal does not reach it. */
  readonly detached?: boolean;
  /** Told once about each notable step. */
  readonly log?: (line: string) => void;
}

export interface PostgresServer {
  /** Undefined while idle. */
  readonly pid: number | undefined;
  url(database?: string): string;
  /** Resolves when it accepts connections. Safe to call again. */
  start(): Promise<void>;
  /** Resolves when it has ended: `fast` with a checkpoint, `immediate` as after a crash. Safe to call again. */
  stop(how: 'fast' | 'immediate'): Promise<void>;
  /** SIGKILL for all its processes; resolves when they are gone. */
  kill(): Promise<void>;
  /** Stands still: connections stay, nothing answers. */
  pause(): void;
  resume(): void;
  /** Lets this process end although the server runs. */
  unref(): void;
}

const stopSignals = { fast: 'SIGINT', immediate: 'SIGQUIT' } as const;

export const createPostgresServer = (options: PostgresServerOptions): PostgresServer => {
  const { binDir, dataDir, port, settings = {}, detached = false, log = () => {} } = options;
  const user = findDatabaseUser();
  const logFile = `${dataDir}.log`;
  const launcherFile = `${dataDir}.launcher`;
  let child: ChildProcess | undefined;
  let starting: Promise<void> | undefined;
  let referenced = true;
  const url = (database = 'postgres') => `postgres://postgres@127.0.0.1:${port}/${encodeURIComponent(database)}`;
  const tree = () => (child?.pid === undefined ? [] : processTree(child.pid));

  const start = async () => {
    if (child) return;
    await endEarlierServer(dataDir, launcherFile, log);
    const fresh = !existsSync(join(dataDir, 'PG_VERSION'));
    if (fresh) log(`making a database cluster in ${dataDir}`);
    initDatabase({ binDir, dataDir }, user);
    writeFileSync(launcherFile, String(process.pid));
    const output = openSync(logFile, 'w');
    const started = spawn(join(binDir, 'postgres'), serverArguments(dataDir, port, settings), {
      ...user,
      detached,
      cwd: dataDir,
      env: programEnvironment(binDir),
      stdio: ['ignore', output, output],
    });
    closeSync(output);
    child = started;
    started.once('error', (error) => log(`PostgreSQL: ${error.message}`));
    started.once('close', () => {
      if (child === started) child = undefined;
    });
    await untilReady(url(), () => child === started, logFile);
    if (!referenced) started.unref();
    log(`PostgreSQL accepts connections on 127.0.0.1:${port}`);
  };

  const end = async (how: 'SIGINT' | 'SIGQUIT' | 'SIGKILL') => {
    const ending = child;
    if (!ending?.pid) return;
    ending.ref();
    const closed = once(ending, 'close');
    const pids = tree();
    // The first process stops first, so that it cannot begin another; a paused one hears nothing until resumed.
    signal(how === 'SIGKILL' ? pids : [ending.pid], how);
    signal(pids, 'SIGCONT');
    const patience = new AbortController();
    const late = pause(devLimits.databaseStopMs, 'late', { signal: patience.signal }).catch(() => 'ended');
    if ((await Promise.race([closed, late])) === 'late') signal(tree(), 'SIGKILL');
    await closed;
    patience.abort();
    await waitUntilGone(pids, devLimits.databaseStopMs);
  };

  return {
    get pid() {
      return child?.pid;
    },
    url,
    start: () => {
      starting ??= start().finally(() => {
        starting = undefined;
      });
      return starting;
    },
    stop: (how) => end(stopSignals[how]),
    kill: () => end('SIGKILL'),
    pause: () => void signal(tree(), 'SIGSTOP'),
    resume: () => void signal(tree(), 'SIGCONT'),
    unref: () => {
      referenced = false;
      child?.unref();
    },
  };
};

const serverArguments = (dataDir: string, port: number, settings: Readonly<Record<string, string>>): string[] => {
  // No socket file: its path has a bound of 107 bytes that a deep directory breaks.
  const all = { listen_addresses: '127.0.0.1', port: String(port), unix_socket_directories: '', ...settings };
  return ['-D', dataDir, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
};

const untilReady = async (url: string, isRunning: () => boolean, logFile: string): Promise<void> => {
  for (let waitedMs = 0; waitedMs < devLimits.databaseStartMs; waitedMs += devLimits.databasePollMs) {
    if (!isRunning()) break;
    if (await accepts(url)) return;
    await pause(devLimits.databasePollMs);
  }
  const tail = readFileSync(logFile, 'utf8').trim().split('\n').slice(-5).join('\n');
  throw new Error(
    `PostgreSQL ${isRunning() ? 'accepts no connection' : 'ended at once'}. Its log, ${logFile}:\n${tail}`,
  );
};

const accepts = async (url: string): Promise<boolean> => {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: devLimits.databaseStartMs });
  client.on('error', () => {});
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
};

/** The data of a killed run may still be served by its orphan, or be locked by a process id that now means something else. */
const endEarlierServer = async (dataDir: string, launcherFile: string, log: (line: string) => void): Promise<void> => {
  const lock = join(dataDir, 'postmaster.pid');
  if (!existsSync(lock)) return;
  const pid = Number(readFileSync(lock, 'utf8').split('\n')[0]);
  if (!isAlive(pid) || !commandLine(pid).includes(dataDir)) {
    rmSync(lock);
    return;
  }
  const launcher = existsSync(launcherFile) ? Number(readFileSync(launcherFile, 'utf8')) : undefined;
  if (launcher !== undefined && isAlive(launcher)) {
    throw new Error(`${dataDir} is in use: process ${launcher} runs PostgreSQL (process ${pid}) on it`);
  }
  log(`ending PostgreSQL (process ${pid}) that an earlier run left behind`);
  const pids = processTree(pid);
  signal(pids, 'SIGCONT');
  signal([pid], stopSignals.fast);
  await waitUntilGone(pids, devLimits.databaseStopMs);
};
