/** `cxone-actions` as a process, run as a user would. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { ownProcess } from './owned.ts';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandLine {
  readonly ended: Promise<Ended>;
  /** What it has written to standard output so far. */
  output(): string;
  signal(name: NodeJS.Signals): void;
}

const root = join(import.meta.dirname, '../..');
const program = join(root, 'cmd/cli/cxone-actions.mjs');

/** @param env  over this process's own */
export const startCommandLine = (args: readonly string[], env: Readonly<Record<string, string>> = {}): CommandLine =>
  follow(
    spawn(process.execPath, [program, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    }),
  );

/** As in a clone and from a terminal, which tells a Ctrl-C to all that belong to it. */
export const startThroughNpm = (args: readonly string[]): CommandLine & { ctrlC(): void } => {
  const child = spawn('npm', ['run', '-s', 'cxone-actions', '--', ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  return { ...follow(child), ctrlC: () => void (child.pid && process.kill(-child.pid, 'SIGINT')) };
};

const follow = (child: ChildProcessByStdio<null, Readable, Readable>): CommandLine => {
  ownProcess(() => child.pid);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
  });
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
    output: () => output,
    signal: (name) => void child.kill(name),
  };
};
