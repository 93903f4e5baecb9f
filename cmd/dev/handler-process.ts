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
  /** SIGTERM; resolves with its exit code when it has ended. */
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

/** Resolves when it listens; rejects when it ends before that. */
export const startHandlerProcess = async (
  env: Readonly<Record<string, string>>,
  stdio: 'inherit' | 'pipe' = 'inherit',
): Promise<HandlerProcess> => {
  const launch = fileURLToPath(new URL('../launch.mjs', import.meta.url));
  const child = spawn(process.execPath, [launch, 'handler'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', stdio, stdio, 'ipc'],
    // Ctrl-C in a terminal reaches the whole group: the parent alone decides in which order things end.
    detached: true,
  });
  const ended = once(child, 'exit').then(([code]): number | null => (typeof code === 'number' ? code : null));
  const listening = new Promise<Listening>((resolve) => {
    child.on('message', (message) => {
      if (isListening(message)) resolve(message);
    });
  });
  const first = await Promise.race([listening, ended]);
  if (typeof first !== 'object' || first === null) throw new Error(`the handler ended with code ${first}`);
  return {
    port: first.port,
    adminPort: first.adminPort,
    child,
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
};
