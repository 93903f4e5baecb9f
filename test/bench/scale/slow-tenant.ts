/**
 * What a tenant notices of another one whose statements take two seconds: cold lookups (cold-10) in an open loop at a fixed rate, alone, and
 * beside 50 callers of the slow tenant, whose requests share a statement, or have one each, and who wait after a refusal, or hammer.
 *
 * Rounds of all are interleaved. The rate is far below what the service can do: it is about waiting, not about CPU.
 */
import { runOpenLoop } from '../open-loop.ts';
import { median } from '../quantile.ts';
import { benchTenants, scenarioNamed } from '../scenarios.ts';
import { linesOf } from '../tables.ts';
import type { Bench, Curve } from './curve.ts';
import type { Service } from './service.ts';
import { type SlowKind, slowTenant, startSlowCallers } from './slow-callers.ts';

type Situation = 'alone' | SlowKind;

interface SlowTenantRun {
  readonly situation: Situation;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Not answered with 200. */
  readonly failed: number;
  /** Statements of the slow tenant under way when the other's load ended. */
  readonly sleeping: number;
  /** Of the slow tenant's own requests. */
  readonly statuses: Readonly<Record<string, number>>;
}

interface SlowTenantRow extends SlowTenantRun {
  /** Of the rounds' ratios to alone, the median. */
  readonly p50ToAlone: number;
  readonly p99ToAlone: number;
}

const situations = ['alone', 'shared', 'apart', 'hammering'] as const;
const names: Readonly<Record<Situation, string>> = {
  alone: 'alone',
  shared: '50 slow callers, one statement',
  apart: '50 slow callers, a statement each',
  hammering: '50 that hammer, a statement each',
};
const callers = 50;
const perSecond = 200;
const scenario = scenarioNamed('cold-10');

const measureOnce = async (bench: Bench, service: Service, situation: Situation): Promise<SlowTenantRun> => {
  const slow =
    situation === 'alone' ? undefined : await startSlowCallers(bench.stage, service, { kind: situation, callers });
  const order = {
    url: service.url,
    scenario,
    audit: 'EveryRequest',
    perSecond,
    seconds: 2 * bench.seconds,
  } as const;
  const { p50Ms, p99Ms, failed } = await runOpenLoop(order);
  const sleeping = (await slow?.sleeping()) ?? 0;
  return { situation, p50Ms, p99Ms, failed, sleeping, statuses: (await slow?.stop()) ?? {} };
};

export const slowTenantCurve: Curve<SlowTenantRow> = {
  name: 'slow-tenant',
  measure: async (bench) => {
    const service = await bench.startService({ tenants: [...benchTenants, slowTenant] });
    await measureOnce(bench, service, 'alone');
    const runs: SlowTenantRun[] = [];
    for (let round = 0; round < bench.rounds; round += 1) {
      for (const situation of situations) runs.push(await measureOnce(bench, service, situation));
    }
    await service.stop();
    const alone = runs.filter((run) => run.situation === 'alone');
    return situations.map((situation) => {
      const some = runs.filter((run) => run.situation === situation);
      const of = (pick: (run: SlowTenantRun) => number): number => median(some.map(pick));
      const toAlone = (pick: (run: SlowTenantRun) => number): number =>
        median(some.map((run, n) => pick(run) / pick(alone[n] ?? run)));
      return {
        ...{ situation, statuses: some.at(-1)?.statuses ?? {}, sleeping: of((run) => run.sleeping) },
        ...{ p50Ms: of((run) => run.p50Ms), p99Ms: of((run) => run.p99Ms), failed: of((run) => run.failed) },
        ...{ p50ToAlone: toAlone((run) => run.p50Ms), p99ToAlone: toAlone((run) => run.p99Ms) },
      };
    });
  },
  table: (rows) =>
    linesOf(
      [
        ['the other tenant', -36, ({ situation }) => names[situation]],
        ['p50 ms', 9, ({ p50Ms }) => p50Ms.toFixed(2)],
        ['to alone', 10, ({ p50ToAlone }) => p50ToAlone.toFixed(2)],
        ['p99 ms', 9, ({ p99Ms }) => p99Ms.toFixed(2)],
        ['to alone', 10, ({ p99ToAlone }) => p99ToAlone.toFixed(2)],
        ['failed', 8, ({ failed }) => String(failed)],
        ['slow statements', 17, ({ sleeping }) => String(sleeping)],
        ['  answers to the slow', -22, ({ statuses }) => `  ${JSON.stringify(statuses)}`],
      ],
      rows,
    ).join('\n'),
  plots: (rows) => ({
    'slow-tenant': {
      title: 'A tenant beside one whose statements take 2 s (cold-10, 200 requests/s)',
      x: { title: '', names: rows.map(({ situation }) => names[situation]) },
      y: { title: 'ms', scale: 'linear' },
      series: [
        { name: 'p50', points: rows.map(({ p50Ms }, n) => [n, p50Ms] as const) },
        { name: 'p99', points: rows.map(({ p99Ms }, n) => [n, p99Ms] as const) },
      ],
    },
  }),
};
