/**
 * Processes as Linux shows them: which core they may use, and what they have used. Elsewhere nothing is pinned and all costs are 0.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, constants, setPriority } from 'node:os';

/** USER_HZ: what /proc counts in, on every Linux of today. */
const ticksPerSecond = 100;

interface Stat {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  readonly ownTicks: number;
  /** With ended children that were waited for. */
  readonly allTicks: number;
}

const statOf = (pid: string): Stat | undefined => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const name = text.slice(text.indexOf('(') + 1, text.lastIndexOf(')'));
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [, parent = 0] = fields;
    const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.slice(11, 15);
    const ownTicks = user + system;
    return { pid: Number(pid), parent, name, ownTicks, allTicks: ownTicks + endedUser + endedSystem };
  } catch {
    return undefined;
  }
};

const everyStat = (): readonly Stat[] => {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (statOf(name) ?? []) : []));
};

/** @returns the pid of this process's child of that name */
export const childNamed = (name: string): number | undefined =>
  everyStat().find((stat) => stat.parent === process.pid && stat.name === name)?.pid;

/** CPU milliseconds of a process and its children, ended ones included. */
export const cpuMs = (pid: number | undefined): number => {
  if (pid === undefined) return 0;
  const ticks = everyStat().reduce((sum, stat) => {
    if (stat.pid === pid) return sum + stat.allTicks;
    return stat.parent === pid ? sum + stat.ownTicks : sum;
  }, 0);
  return (ticks / ticksPerSecond) * 1_000;
};

const taskset = (pid: number, core: number): boolean => {
  try {
    execFileSync('taskset', ['-apc', String(core), String(pid)], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

export const canPin = (): boolean => process.platform === 'linux' && availableParallelism() > 1;

/** Lets everything else go first; threads that it starts later are as patient. */
export const stepBack = (pid: number | undefined): void => {
  if (process.platform !== 'linux' || pid === undefined) return;
  for (const thread of readdirSync(`/proc/${pid}/task`)) setPriority(Number(thread), constants.priority.PRIORITY_LOW);
};

/** Pins all threads of a process; children that it starts later stay there too. */
export const pin = (pid: number | undefined, core: number): boolean => pid !== undefined && taskset(pid, core);
