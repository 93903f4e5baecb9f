/**
 * Runs one test file in a process group and a temporary directory of its own, and leaves nothing of it behind.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { observedDescriptor, parseObserved } from './observed.ts';
import { endStrays } from './strays.ts';
import { judge, type Verdict } from './verdict.ts';

export interface RunFileOptions {
  readonly timeoutS: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface FileResult extends Verdict {
  readonly file: string;
  readonly output: string;
  readonly durationMs: number;
}

/** For the last of the output, should a stray that could not be found still hold the pipes. */
const drainMs = 2_000;
const outputCharactersMax = 1_000_000;
const observer = pathToFileURL(join(import.meta.dirname, 'observe.ts')).href;

/** Process groups under way: whoever is interrupted ends them. */
const groups = new Set<number>();

export const runFile = async (file: string, options: RunFileOptions): Promise<FileResult> => {
  const began = performance.now();
  const source = readFileSync(file, 'utf8');
  const folder = mkdtempSync(join(tmpdir(), 'test-'));
  chmodSync(folder, 0o755);
  const child = spawn(process.execPath, ['--import', observer, file], {
    detached: true,
    env: { ...options.environment, TMPDIR: folder, TEST_FILE_DIR: folder },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const group = child.pid;
  if (group === undefined) throw new Error(`could not start ${process.execPath}`);
  groups.add(group);
  const output = collect([child.stdout, child.stderr]);
  const report = collect([child.stdio[observedDescriptor]]);
  let cutAfterS: number | undefined;
  const limitS = timeLimitS(source) ?? options.timeoutS;
  const timer = setTimeout(() => {
    cutAfterS = limitS;
    endGroup(group);
  }, limitS * 1_000);
  const closed = once(child, 'close');
  const [exitCode, signal] = await once(child, 'exit');
  clearTimeout(timer);
  // Grandchildren would hold the pipes open.
  endGroup(group);
  await endStrays(folder);
  await Promise.race([closed, pause(drainMs, undefined, { ref: false })]);
  for (const stream of child.stdio) stream?.destroy();
  groups.delete(group);
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  const verdict = judge({ exitCode, signal, cutAfterS, observed: parseObserved(report()), source });
  return { ...verdict, file, output: output(), durationMs: performance.now() - began };
};

export const endAllGroups = (): void => {
  for (const group of groups) endGroup(group);
};

/** `// time limit: N s` among the first lines of a file raises its limit. */
export const timeLimitS = (source: string): number | undefined => {
  const head = source.split('\n', 20).join('\n');
  const seconds = /^\/\/ time limit: (\d{1,4}) s$/m.exec(head)?.[1];
  return seconds === undefined ? undefined : Number(seconds);
};

const endGroup = (group: number): void => {
  try {
    process.kill(-group, 'SIGKILL');
  } catch {
    // Nobody left in it.
  }
};

const collect = (streams: readonly unknown[]): (() => string) => {
  let text = '';
  for (const stream of streams) {
    if (!isReadable(stream)) continue;
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      if (text.length < outputCharactersMax) text += chunk;
    });
  }
  return () => text;
};

const isReadable = (stream: unknown): stream is Readable =>
  typeof stream === 'object' && stream !== null && 'setEncoding' in stream;
