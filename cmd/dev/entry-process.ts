/**
 * One of our processes as a child: the same program as in production, started through the same entry.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface EntryProcess {
  readonly child: ChildProcess;
  /** With its exit code; null when a signal ended it. */
  readonly exited: Promise<number | null>;
  /** SIGTERM; resolves as `exited`. */
  stop(): Promise<number | null>;
}

export interface OutputOptions {
  readonly stdio?: 'inherit' | 'pipe';
  /** With `pipe`: everything it writes. */
  onOutput?(text: string): void;
  /** Of a build; left out: that of the sources. */
  readonly launcher?: string;
}

const sourcesLauncher = fileURLToPath(new URL('../launch.mjs', import.meta.url));

interface Entry<Listening> {
  /** Of `cmd/launch.mjs`. */
  readonly name: 'handler' | 'controller';
  readonly isListening: (message: unknown) => message is Listening;
}

/** Characters shown of a process that ended too early. */
const outputKept = 4_000;

export const hasPort = <Name extends string>(message: unknown, name: Name): message is Readonly<Record<Name, number>> =>
  typeof message === 'object' && message !== null && typeof Reflect.get(message, name) === 'number';

/** Resolves when it says where it listens; rejects when it ends before that. */
export const startEntryProcess = async <Listening>(
  { name, isListening }: Entry<Listening>,
  env: Readonly<Record<string, string>>,
  { stdio = 'inherit', onOutput, launcher = sourcesLauncher }: OutputOptions = {},
): Promise<EntryProcess & { readonly listening: Listening }> => {
  const child = spawn(process.execPath, [launcher, name], {
    env: { ...process.env, ...env },
    stdio: ['ignore', stdio, stdio, 'ipc'],
    // Ctrl-C in a terminal reaches the whole group: the parent alone decides in which order things end.
    detached: true,
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      onOutput?.(text);
      said = (said + text).slice(-outputKept);
    });
  }
  const exited = once(child, 'exit').then(([code]): number | null => (typeof code === 'number' ? code : null));
  const listening = new Promise<{ readonly message: Listening }>((resolve) => {
    child.on('message', (message) => {
      if (isListening(message)) resolve({ message });
    });
  });
  const first = await Promise.race([listening, exited]);
  if (typeof first !== 'object' || first === null)
    throw new Error(`the ${name} ended with code ${first}${said && `:\n${said}`}`);
  return {
    listening: first.message,
    child,
    exited,
    stop: () => {
      child.kill('SIGTERM');
      return exited;
    },
  };
};
