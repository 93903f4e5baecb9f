/**
 * `npm start` as a process of the test's own, with its data and its manifests in places of their own.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../cmd/dev/free-port.ts';
import { processTree } from '../../cmd/dev/process-tree.ts';

import { ownProcess } from './owned.ts';
import { until } from './until.ts';

export interface Quickstart {
  readonly url: string;
  readonly adminUrl: string;
  /** Everything it and its handler have written so far. */
  output(): string;
  /** Its own process and all that it started. */
  processes(): readonly number[];
  /** @returns the exit code; null when a signal ended it */
  interrupt(): Promise<number | null>;
}

const root = fileURLToPath(new URL('../../', import.meta.url));

/** @param args  of the command line     @returns when it says that it is ready */
export const startQuickstart = async (
  env: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): Promise<Quickstart> => {
  const [port, adminPort] = [await freePort(), await freePort()];
  // As people start it: a signal has to come through npm, too.
  const child = spawn('npm', ['start', '--', ...args], {
    cwd: root,
    env: { ...process.env, DATABASE_URL: '', ...env, PORT: String(port), ADMIN_PORT: String(adminPort) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  ownProcess(() => child.pid);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const exited = once(child, 'exit').then(([code]): number | null => (typeof code === 'number' ? code : null));
  const isReady = until('the quickstart', async () => {
    if (!output.includes('Ctrl-C stops everything.')) throw new Error(output);
  });
  const early = exited.then((code) => {
    throw new Error(`npm start ended with ${code}:\n${output}`);
  });
  await Promise.race([isReady, early]);
  early.catch(() => {});
  return {
    url: `http://127.0.0.1:${port}`,
    adminUrl: `http://127.0.0.1:${adminPort}`,
    output: () => output,
    processes: () => (child.pid === undefined ? [] : processTree(child.pid)),
    interrupt: () => {
      child.kill('SIGINT');
      return exited;
    },
  };
};

/** The command that stands in the output, from `begin` to the next empty line. */
export const printedCommand = (output: string, begin: string): string => {
  const start = output.indexOf(begin);
  if (start < 0) throw new Error(`nothing begins with ${begin} in:\n${output}`);
  return output.slice(start, output.indexOf('\n\n', start));
};
