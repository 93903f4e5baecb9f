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
  /** What it has written to standard output so far. */
  output(): string;
  signal(name: NodeJS.Signals): void;
}

const program = join(import.meta.dirname, '../../cmd/cli/cxone-actions.mjs');

/** @param env  over this process's own */
export const startCommandLine = (args: readonly string[], env: Readonly<Record<string, string>> = {}): CommandLine => {
  const options = { env: { ...process.env, ...env } };
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'], ...options });
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
