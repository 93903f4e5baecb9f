/**
 * What a process has used so far, as Linux tells it.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Used {
  readonly cpuMs: number;
  /** Through system calls: files and sockets. */
  readonly writtenBytes: number;
}

export interface Memory {
  readonly rssMiB: number;
  /** Its own, without the pages of files, which processes share. */
  readonly anonMiB: number;
}

const ticksPerSecond = (): number => Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
let tickMs: number | undefined;

const read = (pid: number, file: string): string => readFileSync(`/proc/${pid}/${file}`, 'utf8');

const field = (text: string, name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1]);

export const usedBy = (pid: number): Used => {
  tickMs ??= 1_000 / ticksPerSecond();
  // Behind the name, which may hold spaces: the state is field 3, utime and stime are 14 and 15.
  const fields = read(pid, 'stat').split(') ')[1]?.split(' ') ?? [];
  return {
    cpuMs: (Number(fields[11]) + Number(fields[12])) * tickMs,
    writtenBytes: field(read(pid, 'io'), 'wchar'),
  };
};

export const memoryOf = (pid: number): Memory => {
  const status = read(pid, 'status');
  return { rssMiB: field(status, 'VmRSS') / 1_024, anonMiB: field(status, 'RssAnon') / 1_024 };
};

/** @returns what was used from the one to the other */
export const between = (before: Used, after: Used): Used => ({
  cpuMs: after.cpuMs - before.cpuMs,
  writtenBytes: after.writtenBytes - before.writtenBytes,
});
