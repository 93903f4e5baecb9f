/**
 * Signals for a process and its descendants, for servers that put each worker into a session of its own (PostgreSQL does),
 * which a process group does not cover.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

const pollMs = 5;

/** `pid` first, then every descendant. */
export const processTree = (pid: number): readonly number[] => {
  const parents = existsSync('/proc/self/stat') ? parentsFromProc() : parentsFromPs();
  const tree = [pid];
  for (const known of tree) {
    for (const [child, parent] of parents) if (parent === known && !tree.includes(child)) tree.push(child);
  }
  return tree;
};

/** Signals what is still there; returns whether anything was. */
export const signal = (pids: readonly number[], name: NodeJS.Signals | 0): boolean => {
  let any = false;
  for (const pid of pids) {
    try {
      process.kill(pid, name);
      any = true;
    } catch {
      // Gone already, which is what the caller wanted or is told.
    }
  }
  return any;
};

export const isAlive = (pid: number): boolean => signal([pid], 0) && procStat(pid)?.state !== 'Z';

/** Waits until none of them runs any more. @throws when one still does after `limitMs` */
export const waitUntilGone = async (pids: readonly number[], limitMs: number): Promise<void> => {
  for (let waitedMs = 0; pids.some(isAlive); waitedMs += pollMs) {
    if (waitedMs > limitMs) throw new Error(`process ${pids.find(isAlive)} did not end within ${limitMs} ms`);
    await pause(pollMs);
  }
};

/** The command line of a process, empty when it is gone. */
export const commandLine = (pid: number): string => {
  if (!existsSync('/proc/self/stat')) {
    return spawnSync('ps', ['-p', String(pid), '-o', 'command='], { encoding: 'utf8' }).stdout;
  }
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
};

const procStat = (pid: number): { readonly state: string; readonly parent: number } | undefined => {
  try {
    // The name in brackets may hold anything; state and parent follow the last bracket.
    const [state, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return state === undefined ? undefined : { state, parent: Number(parent) };
  } catch {
    return undefined;
  }
};

const parentsFromProc = (): readonly (readonly [number, number])[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => [Number(name), procStat(Number(name))?.parent ?? 0] as const);

const parentsFromPs = (): readonly (readonly [number, number])[] =>
  spawnSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    .stdout.trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .map(([pid, parent]) => [pid ?? 0, parent ?? 0] as const);
