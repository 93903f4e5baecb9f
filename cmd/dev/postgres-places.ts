/**
 * Where a PostgreSQL server's files can live so that the user it runs as can reach them. As root below /root (or any closed
 * directory) the data moves below the temporary directory and the npm package's programs are copied beside it.
 */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { canReach, type DatabaseUser } from './database-user.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';

export interface PostgresPlaces {
  readonly binDir: string;
  readonly dataDir: string;
}

/** The wanted places when `user` can reach them, others otherwise; the same for the same wish, so that data lasts. */
export const pickPlaces = (
  binaries: PostgresBinaries,
  wantedDataDir: string,
  user: DatabaseUser | undefined,
): PostgresPlaces => {
  const wanted = resolve(wantedDataDir);
  const name = createHash('sha256').update(wanted).digest('hex').slice(0, 12);
  const dataDir = canReach(user, wanted) ? wanted : join(tmpdir(), `cxone-data-actions-${name}`, 'postgres');
  mkdirSync(dirname(dataDir), { recursive: true, mode: 0o755 });
  if (!canReach(user, dataDir)) throw new Error(`${dataDir} cannot be reached by the user PostgreSQL runs as`);
  return { binDir: reachableBinDir(binaries, dirname(dataDir), user), dataDir };
};

const reachableBinDir = (binaries: PostgresBinaries, beside: string, user: DatabaseUser | undefined): string => {
  const { binDir, packageDir } = binaries;
  if (canReach(user, join(binDir, 'postgres'))) return binDir;
  if (packageDir === undefined) throw new Error(`${binDir} cannot be reached by the user PostgreSQL runs as`);
  const version = createHash('sha256').update(packageDir).digest('hex').slice(0, 12);
  const copy = join(beside, `postgres-programs-${version}`);
  if (!existsSync(copy)) {
    const unfinished = `${copy}.${process.pid}`;
    cpSync(packageDir, unfinished, { recursive: true, verbatimSymlinks: true });
    renameSync(unfinished, copy);
  }
  return join(copy, relative(packageDir, binDir));
};
