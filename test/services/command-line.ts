/** `cxone-actions` as a process, run as a user would. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ownProcess } from './owned.ts';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandLine {
  readonly ended: Promise<Ended>;
  signal(name: NodeJS.Signals): void;
}

const program = join(import.meta.dirname, '../../cmd/cli/cxone-actions.mjs');

export const startCommandLine = (args: readonly string[]): CommandLine => {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  ownProcess(() => child.pid);
  const code = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  return {
    ended: Promise.all([code, text(child.stdout), text(child.stderr)]).then(([exit, stdout, stderr]) => ({
      code: exit,
      stdout,
      stderr,
    })),
    signal: (name) => void child.kill(name),
  };
};
