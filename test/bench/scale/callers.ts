/**
 * Callers in a closed loop, from one to a thousand: rate and latency from memory (warm-10) and from PostgreSQL (cold-10).
 *
 * Each caller has a connection of its own and asks again as soon as it is answered, so beyond what the service can do latency grows with the
 * callers. One run of each: the steps beside it tell how far one is off. It says nothing of callers that come whether others are answered or not: that is overload.ts.
 */
import { createRequestMaker } from '../request-maker.ts';
import { type Scenario, scenarioNamed } from '../scenarios.ts';
import { linesOf } from '../tables.ts';
import type { Bench, Curve } from './curve.ts';

interface CallersRow {
  readonly scenario: string;
  readonly callers: number;
  /** Answered with 200. */
  readonly answeredPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly serviceUs: number;
  readonly failed: number;
}

const steps = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_000];
const measured = ['warm-10', 'cold-10'];
const audit = 'EveryRequest';
const firstGuess = 10_000;

const measureScenario = async ({ startService, measureLoad, ...bench }: Bench, scenario: Scenario) => {
  const service = await startService();
  const maker = createRequestMaker(scenario, audit);
  const load = { variant: service, maker, seconds: bench.seconds };
  await measureLoad({ ...load, callers: 32, kind: 'callers, warm-up', firstGuess });
  const rows: CallersRow[] = [];
  for (const callers of steps) {
    const run = await measureLoad({ ...load, callers, kind: `${scenario.name} ${callers}`, firstGuess });
    rows.push({
      ...{ scenario: scenario.name, callers, p50Ms: run.p50Ms, p99Ms: run.p99Ms, serviceUs: run.serviceUs },
      answeredPerSecond: run.requestsPerSecond * (1 - run.failed / run.requests),
      failed: run.failed,
    });
  }
  await service.stop();
  return rows;
};

const seriesOf = (rows: readonly CallersRow[], figures: Readonly<Record<string, keyof CallersRow>>) =>
  measured.flatMap((scenario) =>
    Object.entries(figures).map(([name, figure]) => ({
      name: `${scenario}${name && `, ${name}`}`,
      points: rows.filter((row) => row.scenario === scenario).map((row) => [row.callers, Number(row[figure])] as const),
    })),
  );

export const callers: Curve<CallersRow> = {
  name: 'callers',
  measure: async (bench) => {
    const rows: CallersRow[] = [];
    for (const name of measured) rows.push(...(await measureScenario(bench, scenarioNamed(name))));
    return rows;
  },
  table: (rows) =>
    linesOf(
      [
        ['scenario', -10, ({ scenario }) => scenario],
        ['callers', 9, ({ callers }) => String(callers)],
        ['200s/s', 12, ({ answeredPerSecond }) => answeredPerSecond.toFixed(0)],
        ['p50 ms', 9, ({ p50Ms }) => p50Ms.toFixed(2)],
        ['p99 ms', 9, ({ p99Ms }) => p99Ms.toFixed(2)],
        ['service µs', 12, ({ serviceUs }) => serviceUs.toFixed(0)],
        ['failed', 8, ({ failed }) => failed.toFixed(0)],
      ],
      rows,
    ).join('\n'),
  plots: (rows) => ({
    'callers-rate': {
      title: 'Answers/s by callers (closed loop)',
      x: { title: 'callers', scale: 'log10' },
      y: { title: 'answers with 200/s', scale: 'linear' },
      series: seriesOf(rows, { '': 'answeredPerSecond' }),
    },
    'callers-latency': {
      title: 'Latency by callers (closed loop)',
      x: { title: 'callers', scale: 'log10' },
      y: { title: 'ms', scale: 'log10' },
      series: seriesOf(rows, { p50: 'p50Ms', p99: 'p99Ms' }),
    },
  }),
};
