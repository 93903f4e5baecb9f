/**
 * One caller that asks for 1, 10, 25 or 50 ids that no cache has: what a batch takes, against the same ids asked for one by one.
 *
 * One by one is reckoned: so many times the median of one id. Once with PostgreSQL on loopback, once with a millisecond more for each round trip.
 */
import { median } from '../quantile.ts';
import { createRequestMaker } from '../request-maker.ts';
import { scenarioNamed } from '../scenarios.ts';
import { linesOf } from '../tables.ts';
import type { Bench, Curve } from './curve.ts';

interface BatchesRow {
  readonly addedMs: number;
  readonly ids: number;
  readonly p50Ms: number;
  readonly failed: number;
}

const sizes = [1, 10, 25, 50];
const addedMs = 1;
/** So that no size finds in the cache what another one has just read. */
const walkApart = 45_000;
const firstGuess = 1_000;

const measureDelay = async (bench: Bench, added: number): Promise<readonly BatchesRow[]> => {
  const { databaseUrl } = bench.stage.servers;
  const service = await bench.startService(added > 0 ? { databaseUrl } : {});
  await bench.stage.addDelay(added);
  const cases = sizes.map((ids, n) => {
    const scenario = { ...scenarioNamed('cold-1'), name: `cold-${ids}`, batch: ids };
    const maker = createRequestMaker(scenario, 'EveryRequest', 1_000 + n * walkApart);
    return { ids, maker, p50s: [] as number[], failed: [] as number[] };
  });
  for (let round = 0; round <= bench.rounds; round += 1) {
    for (const { ids, maker, p50s, failed } of cases) {
      const load = { variant: service, maker, callers: 1, kind: `batches ${added} ${ids}`, firstGuess };
      const run = await bench.measureLoad({ ...load, seconds: round === 0 ? 1 : bench.seconds });
      if (round === 0) continue;
      p50s.push(run.p50Ms);
      failed.push(run.failed);
    }
  }
  await bench.stage.addDelay(0);
  await service.stop();
  return cases.map(({ ids, p50s, failed }) => ({
    addedMs: added,
    ids,
    p50Ms: median(p50s),
    failed: failed.reduce((sum, one) => sum + one, 0),
  }));
};

/** Of the same ids asked for one by one. */
const oneByOneMs = (rows: readonly BatchesRow[], { addedMs, ids }: BatchesRow): number =>
  ids * (rows.find((row) => row.addedMs === addedMs && row.ids === 1)?.p50Ms ?? Number.NaN);

const seriesOf = (rows: readonly BatchesRow[], added: number) => {
  const some = rows.filter((row) => row.addedMs === added);
  const where = added > 0 ? `, +${added} ms` : '';
  return [
    { name: `batch${where}`, points: some.map((row) => [row.ids, row.p50Ms] as const) },
    { name: `one by one${where}`, points: some.map((row) => [row.ids, oneByOneMs(rows, row)] as const) },
  ];
};

export const batches: Curve<BatchesRow> = {
  name: 'batches',
  measure: async (bench) => [...(await measureDelay(bench, 0)), ...(await measureDelay(bench, addedMs))],
  table: (rows) =>
    linesOf(
      [
        ['to PostgreSQL', -14, ({ addedMs }) => `+${addedMs} ms`],
        ['ids', 5, ({ ids }) => String(ids)],
        ['p50 ms', 9, ({ p50Ms }) => p50Ms.toFixed(2)],
        ['× 1 id', 8, (row) => ((row.p50Ms * row.ids) / oneByOneMs(rows, row)).toFixed(2)],
        ['one by one ms', 15, (row) => oneByOneMs(rows, row).toFixed(1)],
        ['faster by', 11, (row) => `${(100 * (1 - row.p50Ms / oneByOneMs(rows, row))).toFixed(0)} %`],
        ['failed', 8, ({ failed }) => String(failed)],
      ],
      rows,
    ).join('\n'),
  plots: (rows) => ({
    batches: {
      title: 'A batch against its ids one by one (cold, one caller, p50)',
      x: { title: 'ids', scale: 'linear' },
      y: { title: 'ms', scale: 'log10' },
      series: [0, addedMs].flatMap((added) => seriesOf(rows, added)),
    },
  }),
};
