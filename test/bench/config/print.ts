/**
 * The figures as tables, for people.
 */
import type { ApplyToAnswer } from './apply-to-answer.ts';
import type { CostOfChange } from './cost-of-change.ts';
import type { Memory } from './process-figures.ts';
import type { LoadFigures, Situation } from './under-load.ts';

export interface SizeFigures {
  readonly tenants: number;
  readonly firstBundleMs: number;
  readonly applyToAnswer: ApplyToAnswer;
  readonly cost: CostOfChange;
  readonly memory: Readonly<Record<'controller' | 'handler', Memory>>;
}

type Cell = string | number;

const table = (head: readonly string[], rows: readonly (readonly Cell[])[]): string => {
  const all = [head, ...rows.map((row) => row.map(String))];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all.map((row) => row.map((cell, at) => cell.padStart(widths[at] ?? 0)).join('   ')).join('\n');
};

const kib = (bytes: number): string => (bytes / 1_024).toFixed(1);
const memory = ({ rssMiB, anonMiB }: Memory): string => `${rssMiB.toFixed(0)} (${anonMiB.toFixed(0)})`;

export const sizesTable = (sizes: readonly SizeFigures[]): string =>
  table(
    ['tenants', 'first bundle ms', 'apply-to-answer p50 ms', 'p99 ms', 'max ms'],
    sizes.map(({ tenants, firstBundleMs, applyToAnswer: { p50Ms, p99Ms, maxMs } }) => [
      tenants,
      firstBundleMs.toFixed(0),
      p50Ms.toFixed(0),
      p99Ms.toFixed(0),
      maxMs.toFixed(0),
    ]),
  );

export const costTable = (sizes: readonly SizeFigures[]): string =>
  table(
    [
      'tenants',
      'per change: controller CPU ms',
      'handler CPU ms',
      'bundle KiB',
      'controller writes KiB',
      'RSS (own) MiB: controller',
      'handler',
    ],
    sizes.map(({ tenants, cost, memory: { controller, handler } }) => [
      tenants,
      cost.controllerCpuMs.toFixed(1),
      cost.handlerCpuMs.toFixed(1),
      kib(cost.bundleBytes),
      kib(cost.writtenBytes),
      memory(controller),
      memory(handler),
    ]),
  );

const situations = {
  rest: 'at rest',
  elsewhere: 'changes elsewhere',
  here: 'changes here',
} as const satisfies Record<Situation, string>;

export const loadTable = (load: Readonly<Record<Situation, LoadFigures>>): string =>
  table(
    ['', 'changes/s', 'requests/s', 'p50 ms', 'p99 ms', 'failed', 'handler CPU ms/request', 'requests/s to rest'],
    (['rest', 'elsewhere', 'here'] as const).map((situation) => {
      const { changesPerSecond, requestsPerSecond, p50Ms, p99Ms, failed, handlerCpuMs } = load[situation];
      const share = (100 * requestsPerSecond) / load.rest.requestsPerSecond;
      return [
        situations[situation],
        changesPerSecond.toFixed(0),
        requestsPerSecond.toFixed(0),
        p50Ms.toFixed(2),
        p99Ms.toFixed(2),
        failed,
        handlerCpuMs.toFixed(3),
        `${share.toFixed(0)} %`,
      ];
    }),
  );
