/**
 * Makes a database cluster once: UTF-8, the superuser `postgres`, and trust, since the server listens on loopback alone.
 */
import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseUser } from './database-user.ts';

export interface ProgramsAndData {
  readonly binDir: string;
  readonly dataDir: string;
}

/** Does nothing when the cluster is there; an interrupted earlier attempt leaves no half a cluster. */
export const initDatabase = ({ binDir, dataDir }: ProgramsAndData, user: DatabaseUser | undefined): void => {
  if (existsSync(join(dataDir, 'PG_VERSION'))) return;
  const unfinished = `${dataDir}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true, mode: 0o700 });
  if (user) chownSync(unfinished, user.uid, user.gid);
  const { status, stderr, error } = spawnSync(
    join(binDir, 'initdb'),
    ['--no-sync', '--auth=trust', '--username=postgres', '--encoding=UTF8', `--locale=${locale()}`, '-D', unfinished],
    { ...user, cwd: unfinished, env: programEnvironment(binDir), encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`initdb in ${dataDir} failed: ${error?.message ?? stderr}`, { cause: error });
  renameSync(unfinished, dataDir);
};

/** Only what the programs need: no PG* setting of the surrounding shell reaches them. */
export const programEnvironment = (binDir: string): Record<string, string> => {
  const libraries = join(binDir, '..', 'lib');
  return { PATH: '/usr/bin:/bin', LC_MESSAGES: 'C', LD_LIBRARY_PATH: libraries, DYLD_LIBRARY_PATH: libraries };
};

const locale = (): string =>
  ['/usr/lib/locale/C.utf8', '/usr/lib/locale/C.UTF-8'].some((path) => existsSync(path)) ? 'C.UTF-8' : 'C';
