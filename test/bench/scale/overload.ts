/**
 * More than can be answered: an open loop at a share of what a closed loop reached, up to three times that. What of it is still answered, how
 * long those answers and the refusals take, and what the service holds in memory meanwhile.
 *
 * warm-100 and cold-50 have the service's own core as their bound, costly-1 PostgreSQL's: a row of it takes PostgreSQL some two milliseconds.
 *
 * The prototype, which does a lookup's work and no more and refuses at the same number in flight, tells what of that is the plan's and Node's.
 *
 * The client has the core that PostgreSQL has too, so the requests are heavy ones (100 ids from memory, 50 from PostgreSQL), of which few are
 * needed; `client` says how much of that core it took all the same. Every refusal is read, verified and answered as well, and costs the service
 * what it costs. The share of the time that requests left late is the client's own.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { TenantOptions } from '../../services/tenants.ts';
import { memoryOf } from '../config/process-figures.ts';
import { type OpenLoopResult, runOpenLoop } from '../open-loop.ts';
import { pin } from '../processes.ts';
import { createRequestMaker } from '../request-maker.ts';
import { type AuditMode, benchActions, benchTenants, type Scenario, scenarioNamed } from '../scenarios.ts';
import { linesOf } from '../tables.ts';
import { startVariant, type VariantName } from '../variants.ts';
import type { Bench, Curve } from './curve.ts';
import type { Service } from './service.ts';

interface OverloadRow extends OpenLoopResult {
  readonly scenario: string;
  /** 200s a second in the closed loop, right before. */
  readonly capacity: number;
  readonly times: number;
  readonly offeredPerSecond: number;
  readonly rssMiB: number;
}

const steps = [0.5, 1, 1.5, 2, 3];
interface Measured {
  readonly scenario: Scenario;
  readonly audit: AuditMode;
  /** Left out: those of the scenarios. */
  readonly tenants?: readonly TenantOptions[];
  /** In place of the service. */
  readonly peer?: VariantName;
}

const costlyStatement = `SELECT id, name, status, updated_at
  FROM customers, LATERAL (SELECT count(*) FROM generate_series(1, 20000) AS n WHERE n % 7 < length(name)) AS costly
  WHERE tenant_id = $1 AND id = ANY($2) AND costly.count > 0`;

/** The tenants of the scenarios, but for what their lookup costs PostgreSQL. */
const costlyTenants: readonly TenantOptions[] = benchTenants.map(({ tenantId, spec }) => ({
  tenantId,
  spec: {
    ...spec,
    actions: benchActions.map((action) =>
      action.lookup ? { ...action, lookup: { ...action.lookup, statement: costlyStatement } } : action,
    ),
  },
}));

const measured: readonly Measured[] = [
  { scenario: { ...scenarioNamed('warm-50'), name: 'warm-100', batch: 100 }, audit: 'DatabaseReads' },
  { scenario: scenarioNamed('cold-50'), audit: 'EveryRequest' },
  { scenario: scenarioNamed('cold-50'), audit: 'EveryRequest', peer: 'prototype' },
  { scenario: { ...scenarioNamed('cold-1'), name: 'costly-1' }, audit: 'EveryRequest', tenants: costlyTenants },
];
/** More than REQUESTS_IN_FLIGHT_MAX, so that it is the service that refuses. */
const connections = 2_000;
/** As in a container of 512 MiB, the chart's default: Node would take what there is, and free it late. */
const env = { NODE_OPTIONS: '--max-old-space-size=358' };
const capacityCallers = 128;
const memoryPollMs = 50;

type Measurable = Pick<Service, 'url' | 'pid' | 'stop'>;

const start = async ({ stage, startService }: Bench, { tenants, peer }: Measured): Promise<Measurable> => {
  if (peer === undefined) return startService({ env, ...(tenants && { tenants }) });
  // Both without the proxy.
  const { url, pid = 0, stop } = await startVariant(peer, { ...stage.servers, databaseUrl: stage.database.url });
  if (stage.servedCore !== undefined) pin(pid, stage.servedCore);
  return { url, pid, stop };
};

/** @returns with the most that it held */
const whileWatching = async <T>(
  { pid }: Measurable,
  work: Promise<T>,
): Promise<readonly [result: T, rssMiB: number]> => {
  let [most, isOver] = [0, false];
  const watch = async (): Promise<void> => {
    while (!isOver) {
      most = Math.max(most, memoryOf(pid).rssMiB);
      await pause(memoryPollMs);
    }
  };
  const watching = watch();
  const result = await work.finally(() => {
    isOver = true;
  });
  await watching;
  return [result, most];
};

const measureScenario = async (bench: Bench, one: Measured) => {
  const { scenario, audit, peer } = one;
  const name = peer === undefined ? scenario.name : `${scenario.name} of the ${peer}`;
  const service = await start(bench, one);
  const load = { variant: service, maker: createRequestMaker(scenario, audit), callers: capacityCallers };
  const kind = `overload ${name}`;
  const measureClosed = (seconds: number) => bench.measureLoad({ ...load, seconds, kind, firstGuess: 5_000 });
  await measureClosed(2);
  const rows: OverloadRow[] = [];
  for (const times of steps) {
    const closed = await measureClosed(bench.seconds);
    const capacity = closed.requestsPerSecond * (1 - closed.failed / closed.requests);
    const perSecond = Math.round(capacity * times);
    const order = { url: service.url, scenario, audit, perSecond, seconds: bench.seconds, connections };
    const [result, rssMiB] = await whileWatching(service, runOpenLoop(order));
    rows.push({ scenario: name, capacity, times, offeredPerSecond: perSecond, ...result, rssMiB });
  }
  await service.stop();
  return rows;
};

const seriesOf = (rows: readonly OverloadRow[], name: string, figure: (row: OverloadRow) => number) =>
  [...Map.groupBy(rows, ({ scenario }) => scenario)].map(([scenario, some]) => ({
    name: `${scenario}${name}`,
    points: some.map((row) => [row.times, figure(row)] as const).filter(([, y]) => y > 0),
  }));

const x = { title: 'offered, times the closed loop’s rate', scale: 'linear' } as const;

export const overload: Curve<OverloadRow> = {
  name: 'overload',
  measure: async (bench) => {
    const rows: OverloadRow[] = [];
    for (const one of measured) rows.push(...(await measureScenario(bench, one)));
    return rows;
  },
  table: (rows) =>
    linesOf(
      [
        ['scenario', -24, ({ scenario }) => scenario],
        ['×', 5, ({ times }) => String(times)],
        ['offered/s', 11, ({ offeredPerSecond }) => String(offeredPerSecond)],
        ['200s/s', 9, ({ answeredPerSecond }) => answeredPerSecond.toFixed(0)],
        [
          'of closed',
          11,
          ({ answeredPerSecond, capacity }) => `${((100 * answeredPerSecond) / capacity).toFixed(0)} %`,
        ],
        ['p50 ms', 9, ({ p50Ms }) => p50Ms.toFixed(1)],
        ['p99 ms', 9, ({ p99Ms }) => p99Ms.toFixed(1)],
        ['shed', 8, ({ shed }) => String(shed)],
        ['p50 ms', 9, ({ shedP50Ms }) => shedP50Ms.toFixed(1)],
        ['p99 ms', 9, ({ shedP99Ms }) => shedP99Ms.toFixed(1)],
        ['else', 7, ({ failed, shed }) => String(failed - shed)],
        ['RSS MiB', 9, ({ rssMiB }) => rssMiB.toFixed(0)],
        ['late ms', 9, ({ lateP99Ms }) => lateP99Ms.toFixed(1)],
        ['client', 9, ({ clientShare }) => `${(100 * clientShare).toFixed(0)} %`],
      ],
      rows,
    ).join('\n'),
  plots: (rows) => ({
    'overload-goodput': {
      title: 'What is answered of what is offered (open loop)',
      x,
      y: { title: '% of the closed loop’s rate', scale: 'linear' },
      series: seriesOf(rows, '', ({ answeredPerSecond, capacity }) => (100 * answeredPerSecond) / capacity),
      goal: { name: 'goal beyond 1: 90 %', y: 90 },
    },
    'overload-latency': {
      title: 'Latency of answers and of refusals, p99 (open loop)',
      x,
      y: { title: 'ms', scale: 'log10' },
      series: [
        ...seriesOf(rows, ', answers', ({ p99Ms }) => p99Ms),
        ...seriesOf(rows, ', refusals', ({ shedP99Ms }) => shedP99Ms),
      ].filter(({ points }) => points.length > 0),
      goal: { name: 'goal for refusals: 5 ms', y: 5 },
    },
  }),
};
