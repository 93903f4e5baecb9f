/**
 * Who runs PostgreSQL: it refuses to run as root, so root hands it to an unprivileged user. Everyone else runs it as themselves.
 *
 * Also answers what that user may reach, since root's own directories are often closed to others.
 */
import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

export interface DatabaseUser {
  readonly uid: number;
  readonly gid: number;
}

/** The `postgres` user of passwd(5) text, else `nobody`. */
export const parseDatabaseUser = (passwd: string): DatabaseUser | undefined => {
  const lines = passwd.split('\n').map((line) => line.split(':'));
  for (const wanted of ['postgres', 'nobody']) {
    const [, , uid, gid] = lines.find(([name]) => name === wanted) ?? [];
    if (uid && gid) return { uid: Number(uid), gid: Number(gid) };
  }
  return undefined;
};

/** Undefined when this process may run PostgreSQL itself.
 * @throws  root on a machine that has neither a `postgres` nor a `nobody` user */
export const findDatabaseUser = (): DatabaseUser | undefined => {
  if (process.getuid?.() !== 0) return undefined;
  const user = parseDatabaseUser(readFileSync('/etc/passwd', 'utf8'));
  if (!user)
    throw new Error('PostgreSQL does not run as root, and /etc/passwd has neither a postgres nor a nobody user');
  return user;
};

/** Whether every directory above `path` (those that exist) lets the user pass. */
export const canReach = (user: DatabaseUser | undefined, path: string): boolean => {
  if (!user) return true;
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const stat = statSync(folder, { throwIfNoEntry: false });
    if (stat && !mayPass(user, stat)) return false;
    if (folder === dirname(folder)) return true;
  }
};

const mayPass = (user: DatabaseUser, stat: { readonly uid: number; readonly gid: number; readonly mode: number }) => {
  if (stat.uid === user.uid) return (stat.mode & 0o100) !== 0;
  if (stat.gid === user.gid) return (stat.mode & 0o010) !== 0;
  return (stat.mode & 0o001) !== 0;
};
