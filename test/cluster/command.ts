/**
 * Other people's programs (docker, kubectl, helm) as child processes: each call has a deadline, and what it said stands in the error.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

export interface CommandOptions {
  /** Its standard input. */
  readonly input?: string;
  readonly timeoutMs?: number;
  /** Beside this process' own. */
  readonly environment?: Readonly<Record<string, string>>;
}

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const timeoutMs = 180_000;
const wordsShown = 6;
const linesShown = 15;

/** Whoever is interrupted ends them. */
const running = new Set<ChildProcess>();

export const endCommands = (): void => {
  for (const child of running) child.kill('SIGKILL');
};

/** @returns also where it failed */
export const attempt = async (
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> => {
  const child = spawn(program, args, {
    env: { ...process.env, ...options.environment },
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: options.timeoutMs ?? timeoutMs,
  });
  running.add(child);
  // It may end without having read its input.
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  try {
    const [[code], stdout, stderr] = await Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]);
    return { code: typeof code === 'number' ? code : null, stdout, stderr };
  } finally {
    running.delete(child);
  }
};

/** @returns its standard output     @throws where it fails, or takes too long */
export const run = async (program: string, args: readonly string[], options: CommandOptions = {}): Promise<string> => {
  const { code, stdout, stderr } = await attempt(program, args, options);
  if (code === 0) return stdout;
  const said = `${stdout}\n${stderr}`.trim().split('\n').slice(-linesShown).join('\n');
  const how = code === null ? `did not end in ${options.timeoutMs ?? timeoutMs} ms` : `ended with ${code}`;
  throw new Error(`${program} ${args.slice(0, wordsShown).join(' ')} ${how}:\n${said}`);
};
