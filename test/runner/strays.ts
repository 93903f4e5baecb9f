/**
 * Ends what a test file left: processes that work below the file's directory (PostgreSQL's workers leave the process group,
 * and paused ones outlive their parent) and containers it had listed there.
 */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { signal, waitUntilGone } from '../../cmd/dev/process-tree.ts';
import { containerList } from '../services/owned.ts';

const endLimitMs = 5_000;

export const endStrays = async (folder: string): Promise<void> => {
  const pids = processesBelow(folder);
  signal(pids, 'SIGKILL');
  await waitUntilGone(pids, endLimitMs).catch(() => {});
  await removeContainers(join(folder, containerList));
};

const processesBelow = (folder: string): readonly number[] =>
  existsSync('/proc/self/cwd')
    ? readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .map(Number)
        .filter((pid) => `${workingDirectory(pid)}/`.startsWith(`${folder}/`))
    : [];

const workingDirectory = (pid: number): string => {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
};

const removeContainers = async (list: string): Promise<void> => {
  if (!existsSync(list)) return;
  const { getContainerRuntimeClient } = await import('testcontainers');
  const { container } = await getContainerRuntimeClient();
  for (const id of readFileSync(list, 'utf8').split('\n')) {
    // Most are gone: the file's own exit hook removed them.
    if (id !== '')
      await container
        .getById(id)
        .remove({ force: true, v: true })
        .catch(() => {});
  }
};
