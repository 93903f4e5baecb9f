/**
 * From the handler's spawn to its readiness, and what it holds in memory ten seconds later without a request: with one tenant and a PostgreSQL
 * and a Redis that have been asked before, on one core, as sources and as `npm run build` makes it.
 *
 * cached code: V8's compiled code, kept by Node from an earlier start, which nothing ships. The controller, which may start beside it, is not counted.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { memoryOf } from '../config/process-figures.ts';
import { median } from '../quantile.ts';
import { linesOf } from '../tables.ts';
import type { Bench, Curve } from './curve.ts';
import { makePrograms, type Program } from './programs.ts';
import type { Service } from './service.ts';

interface StartRow {
  readonly program: string;
  readonly readyMs: number;
  readonly slowestMs: number;
  readonly rssMiB: number;
  readonly anonMiB: number;
}

const starts = 3;
const idleMs = 10_000;
const tenants = [{ tenantId: 'acme' }];

const start = ({ startService }: Bench, { args, env }: Program): Promise<Service> =>
  startService({ tenants, program: args, env });

const measureStarts = async (bench: Bench): Promise<readonly StartRow[]> => {
  const measured = makePrograms().map((program) => ({ program, times: [] as number[] }));
  // The first one fills caches, those of files too.
  for (let n = 0; n <= starts; n += 1) {
    for (const { program, times } of measured) {
      const service = await start(bench, program);
      if (n > 0) times.push(service.readyMs);
      await service.stop();
    }
  }
  const idle = await Promise.all(measured.map(async (one) => ({ ...one, service: await start(bench, one.program) })));
  await pause(idleMs);
  const rows = idle.map(({ program, times, service }) => ({
    program: program.name,
    readyMs: median(times),
    slowestMs: Math.max(...times),
    ...memoryOf(service.pid),
  }));
  for (const { service } of idle) await service.stop();
  return rows;
};

const bars = (rows: readonly StartRow[], figure: (row: StartRow) => number) =>
  rows.map((row, n) => [n, figure(row)] as const);

export const startCurve: Curve<StartRow> = {
  name: 'start',
  measure: measureStarts,
  table: (rows) =>
    linesOf(
      [
        ['program', -22, ({ program }) => program],
        ['ready ms', 10, ({ readyMs }) => readyMs.toFixed(0)],
        ['slowest ms', 12, ({ slowestMs }) => slowestMs.toFixed(0)],
        ['RSS MiB', 9, ({ rssMiB }) => rssMiB.toFixed(0)],
        ['of it own', 11, ({ anonMiB }) => anonMiB.toFixed(0)],
      ],
      rows,
    ).join('\n'),
  plots: (rows) => ({
    'start-time': {
      title: 'From spawn to ready (one tenant, one core)',
      x: { title: '', names: rows.map(({ program }) => program) },
      y: { title: 'ms', scale: 'linear' },
      series: [{ name: 'median of 3', points: bars(rows, ({ readyMs }) => readyMs) }],
      goal: { name: 'goal: 1 s', y: 1_000 },
    },
    'start-memory': {
      title: 'Memory ten seconds after the start, idle',
      x: { title: '', names: rows.map(({ program }) => program) },
      y: { title: 'MiB', scale: 'linear' },
      series: [
        { name: 'RSS', points: bars(rows, ({ rssMiB }) => rssMiB) },
        { name: 'of it own', points: bars(rows, ({ anonMiB }) => anonMiB) },
      ],
      goal: { name: 'goal: 130', y: 130 },
    },
  }),
};
