/**
 * The handler as a child process: the same program as in production, started through the same entry.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface HandlerProcess {
  readonly port: number;
  readonly adminPort: number;
  readonly child: ChildProcess;
  /** With its exit code; null when a signal ended it. */
  readonly exited: Promise<number | null>;
  /** SIGTERM; resolves as `exited`. */
  stop(): Promise<number | null>;
}

interface Listening {
  readonly port: number;
  readonly adminPort: number;
}

const isListening = (message: unknown): message is Listening =>
  typeof message === 'object' &&
  message !== null &&
  'port' in message &&
  typeof message.port === 'number' &&
  'adminPort' in message &&
  typeof message.adminPort === 'number';

interface OutputOptions {
  readonly stdio?: 'inherit' | 'pipe';
  /** With `pipe`: everything it writes. */
  onOutput?(text: string): void;
}

/** Characters shown of a handler that ended too early. */
const outputKept = 4_000;

/** Resolves when it listens; rejects when it ends before that. */
export const startHandlerProcess = async (
  env: Readonly<Record<string, string>>,
  { stdio = 'inherit', onOutput }: OutputOptions = {},
): Promise<HandlerProcess> => {
  const launch = fileURLToPath(new URL('../launch.mjs', import.meta.url));
  const child = spawn(process.execPath, [launch, 'handler'], {
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
  const listening = new Promise<Listening>((resolve) => {
    child.on('message', (message) => {
      if (isListening(message)) resolve(message);
    });
  });
  const first = await Promise.race([listening, exited]);
  if (typeof first !== 'object' || first === null)
    throw new Error(`the handler ended with code ${first}${said && `:\n${said}`}`);
  return {
    port: first.port,
    adminPort: first.adminPort,
    child,
    exited,
    stop: () => {
      child.kill('SIGTERM');
      return exited;
    },
  };
};
