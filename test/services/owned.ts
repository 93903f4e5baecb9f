/**
 * What this test process started and must not outlive it: ended by its own handle, also when a test throws.
 *
 * A process killed outright runs no hook; the runner then ends what is left (test/runner/strays.ts).
 */
import { spawnSync } from 'node:child_process';
import { appendFileSync, chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processTree, signal } from '../../cmd/dev/process-tree.ts';

/** However many there are, they are no leak. */
const atExit = (end: () => void): void => {
  process.setMaxListeners(process.getMaxListeners() + 1);
  process.on('exit', end);
};

/** A directory that any user may enter, removed when this process ends. */
export const ownDirectory = (name: string): string => {
  const path = mkdtempSync(join(tmpdir(), `${name}-`));
  chmodSync(path, 0o755);
  atExit(() => rmSync(path, { recursive: true, force: true }));
  return path;
};

/** Kills the process tree of `pid()` when this process ends. */
export const ownProcess = (pid: () => number | undefined): void => {
  atExit(() => {
    const own = pid();
    if (own !== undefined) signal(processTree(own), 'SIGKILL');
  });
};

/** Where the runner finds the containers of a file that was killed. */
export const containerList = 'containers';

/** Removes the container when this process ends. */
export const ownContainer = (id: string): void => {
  if (process.env.TEST_FILE_DIR) appendFileSync(join(process.env.TEST_FILE_DIR, containerList), `${id}\n`);
  atExit(() => void spawnSync('docker', ['rm', '--force', '--volumes', id], { stdio: 'ignore' }));
};
