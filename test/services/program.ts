/**
 * A server program as a child of the test process: starts again with the same arguments, and ends with the test process.
 *
 * Works below a directory of this test process, so that the runner finds it should this process be killed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ownProcess } from './owned.ts';
import type { Service } from './service.ts';
import { until } from './until.ts';

export interface ProgramOptions {
  /** For messages, and for the log file in `folder`. */
  readonly name: string;
  readonly path: string;
  readonly args: readonly string[];
  /** Where it works, made by `ownDirectory`. */
  readonly folder: string;
  /** Rejects until it answers. */
  readonly probe: () => Promise<unknown>;
  /** What asks to end and does not in this time is killed. */
  readonly stopLimitMs: number;
}

/** It runs from the first `start` on. */
export type Program = Pick<Service, 'start' | 'stop' | 'kill' | 'pause' | 'resume'>;

const logLinesShown = 10;

export const createProgram = ({ name, path, args, folder, probe, stopLimitMs }: ProgramOptions): Program => {
  const logFile = join(folder, `${name}.log`);
  let child: ChildProcess | undefined;
  ownProcess(() => child?.pid);

  const start = async () => {
    if (child) return;
    const log = openSync(logFile, 'a');
    const started = spawn(path, args, { cwd: folder, stdio: ['ignore', log, log] });
    closeSync(log);
    child = started;
    started.once('error', () => {});
    started.once('close', () => {
      if (child === started) child = undefined;
    });
    const ended = new Promise<false>((resolve) => void started.once('close', () => resolve(false)));
    // Somebody else may be where it should answer, and never say a word.
    const answers = until(name, async () => child === started && (await probe().then(() => true)));
    const isUp = await Promise.race([answers, ended]);
    if (!isUp) throw new Error(`${name} ended at once:\n${lastLines(logFile)}`);
    started.unref();
  };

  const end = async (signal: NodeJS.Signals) => {
    const ending = child;
    if (!ending) return;
    ending.ref();
    const closed = once(ending, 'close');
    ending.kill(signal);
    // A paused one hears nothing until resumed.
    ending.kill('SIGCONT');
    const patience = new AbortController();
    const late = pause(stopLimitMs, 'late', { signal: patience.signal }).catch(() => 'ended');
    if ((await Promise.race([closed, late])) === 'late') ending.kill('SIGKILL');
    await closed;
    patience.abort();
  };

  return {
    start,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    pause: async () => void child?.kill('SIGSTOP'),
    resume: async () => void child?.kill('SIGCONT'),
  };
};

const lastLines = (file: string): string =>
  readFileSync(file, 'utf8').trim().split('\n').slice(-logLinesShown).join('\n');
