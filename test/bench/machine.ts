/**
 * Where and of what figures are: without it they mean nothing.
 */
import { execFileSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';

export const machine = (): string => {
  const [cpu] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} × ${cpu?.model.trim() ?? 'unknown'}, ${memory} GiB, Node ${process.versions.node}`;
};

export const commit = (): string => {
  const hash = output('git', ['rev-parse', '--short', 'HEAD']) || 'unknown';
  return output('git', ['status', '--porcelain']) === '' ? hash : `${hash} with changes`;
};

const output = (program: string, args: readonly string[]): string => {
  try {
    return execFileSync(program, [...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return '';
  }
};
