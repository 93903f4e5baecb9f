/**
 * From one tenant to ten thousand in the bundle, all of them asked in turn: what a request costs, and how long the handler takes to be ready.
 *
 * All sizes take their turns within a round; every few rounds they are processes anew. The rows stay the same in number, however many tenants share them, so that a cache that holds more is not taken for tenants that cost more.
 * warm is one id from memory. cold is one id from PostgreSQL, by the same declared statement for all tenants, which they may share.
 */
import type { TenantOptions } from '../../services/tenants.ts';
import { inParallel } from '../config/in-parallel.ts';
import { memoryOf } from '../config/process-figures.ts';
import { customerIdOf, customerIdSql } from '../customer-ids.ts';
import { createLeanClient, requestBytes } from '../lean-client.ts';
import type { LoadFigures } from '../measure-load.ts';
import { median } from '../quantile.ts';
import { type RequestMaker, type SignedRequest, signedRequest } from '../request-maker.ts';
import { benchActions, wideLimits } from '../scenarios.ts';
import { linesOf } from '../tables.ts';
import type { Bench, Curve } from './curve.ts';
import type { Service } from './service.ts';

interface TenantsRow {
  readonly temperature: Temperature;
  readonly tenants: number;
  readonly requestsPerSecond: number;
  readonly p99Ms: number;
  readonly serviceUs: number;
  readonly postgresUs: number;
  readonly failed: number;
  readonly readyMs: number;
  readonly rssMiB: number;
  /** Of the rounds' ratios to one tenant, the median. */
  readonly rateToOne: number;
  readonly serviceUsToOne: number;
}

type Temperature = 'warm' | 'cold';

const sizes = [1, 10, 100, 1_000, 10_000];
/** Of all tenants together. */
const rowsInAll = 10_000;
const callers = 32;
const filledAtOnce = 32;
/** As much for one tenant as for thousands, of whom reading all rows takes longer. */
const warmUpSeconds = 3;
/** So many, and then others: two processes of one size differ, too. */
const roundsOfProcesses = 3;
const idsMax = 100;
const ttlSeconds = { warm: 86_400, cold: 1 } as const;

const tenantName = (n: number): string => `scale-${n}`;

/** The first tenant has all rows, the next nine a tenth each, and so on: enough for every size. */
const seedSql = `
  ALTER TABLE customers DISABLE TRIGGER USER;
  INSERT INTO customers (tenant_id, id, name, status)
  SELECT 'scale-' || t, ${customerIdSql('n')}, 'Customer ' || n, 'active'
  FROM generate_series(0, ${Math.max(...sizes) - 1}) AS t, generate_series(1, (${rowsInAll} / 10 ^ ceil(log(t + 1)))::int) AS n
  ON CONFLICT DO NOTHING;
  ALTER TABLE customers ENABLE TRIGGER USER;`;

const tenantsOf = (size: number, temperature: Temperature): readonly TenantOptions[] =>
  Array.from({ length: size }, (_, n) => ({
    tenantId: tenantName(n),
    spec: {
      limits: wideLimits,
      audit: 'EveryRequest',
      cache: { ttlSeconds: ttlSeconds[temperature], missingTtlSeconds: 0 },
      actions: benchActions,
    },
  }));

const requestFor = (tenant: number, customers: readonly number[], contact: string): SignedRequest => {
  const input = { tenant_id: tenantName(tenant), customer_ids: customers.map(customerIdOf) };
  return signedRequest(input.tenant_id, { action: 'process_customer_batch', input, context: { contact_id: contact } });
};

/** Every row of every tenant in turn, the tenants by turns. */
const createMaker = (size: number): RequestMaker => {
  let made = 0;
  return {
    next: () => {
      made += 1;
      return requestFor(made % size, [(Math.floor(made / size) % (rowsInAll / size)) + 1], String(made));
    },
  };
};

/** Has every row read once. */
const fill = async (service: Service, size: number): Promise<void> => {
  const client = createLeanClient(service.url, filledAtOnce);
  const rows = rowsInAll / size;
  const batch = Math.min(rows, idsMax);
  await inParallel(filledAtOnce, rowsInAll / batch, (n) => {
    const from = Math.floor(n / size) * batch;
    const customers = Array.from({ length: batch }, (_, place) => from + place + 1);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    client.send(requestBytes(requestFor(n % size, customers, 'fill')), (status) =>
      status === 200 ? resolve() : reject(new Error(`filling ${size} tenants: ${status}`)),
    );
    return promise;
  });
  client.close();
};

interface Run extends LoadFigures {
  readonly readyMs: number;
  readonly rssMiB: number;
}

/** @returns the runs of each size, by rounds */
const measureProcesses = async (
  bench: Bench,
  temperature: Temperature,
  rounds: number,
): Promise<readonly (readonly Run[])[]> => {
  const candidates = [];
  for (const [place, size] of sizes.entries()) {
    const tenants = tenantsOf(size, temperature);
    // A database of its own: what one size has read would be no longer cold to the next.
    const env = { REDIS_URL: `${bench.stage.servers.redisUrl}/${place}` };
    const service = await bench.startService({ tenants, env });
    const load = {
      ...{ variant: service, maker: createMaker(size), callers, kind: `tenants ${temperature} ${size}` },
      firstGuess: temperature === 'warm' ? 20_000 : 6_000,
    };
    if (temperature === 'warm') await fill(service, size);
    await bench.measureLoad({ ...load, seconds: warmUpSeconds });
    candidates.push({ service, load });
  }
  const seen: (readonly Run[])[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const runs: Run[] = [];
    for (const { service, load } of candidates) {
      const figures = await bench.measureLoad({ ...load, seconds: bench.seconds });
      runs.push({ ...figures, readyMs: service.readyMs, rssMiB: memoryOf(service.pid).rssMiB });
    }
    seen.push(runs);
  }
  for (const { service } of candidates) await service.stop();
  return seen;
};

const measureTemperature = async (bench: Bench, temperature: Temperature): Promise<readonly TenantsRow[]> => {
  const seen: (readonly Run[])[] = [];
  while (seen.length < bench.rounds) {
    const rounds = Math.min(roundsOfProcesses, bench.rounds - seen.length);
    seen.push(...(await measureProcesses(bench, temperature, rounds)));
  }
  return sizes.map((tenants, place) => {
    const of = (pick: (run: Run) => number): number => median(seen.flatMap((runs) => runs[place] ?? []).map(pick));
    const toOne = (pick: (run: Run) => number): number =>
      median(seen.flatMap(({ 0: one, [place]: run }) => (one && run ? [pick(run) / pick(one)] : [])));
    return {
      ...{ temperature, tenants, readyMs: of((run) => run.readyMs), rssMiB: of((run) => run.rssMiB) },
      requestsPerSecond: of((run) => run.requestsPerSecond),
      p99Ms: of((run) => run.p99Ms),
      serviceUs: of((run) => run.serviceUs),
      postgresUs: of((run) => run.postgresUs),
      failed: of((run) => run.failed),
      rateToOne: toOne((run) => run.requestsPerSecond),
      serviceUsToOne: toOne((run) => run.serviceUs),
    };
  });
};

const seriesOf = (rows: readonly TenantsRow[], figure: (row: TenantsRow) => number) =>
  (['warm', 'cold'] as const).map((temperature) => ({
    name: `${temperature}-1`,
    points: rows.filter((row) => row.temperature === temperature).map((row) => [row.tenants, figure(row)] as const),
  }));

const x = { title: 'tenants', scale: 'log10' } as const;

export const tenants: Curve<TenantsRow> = {
  name: 'tenants',
  measure: async (bench) => {
    await bench.stage.database.sql(seedSql);
    await bench.stage.database.sql('VACUUM ANALYZE customers');
    return [...(await measureTemperature(bench, 'warm')), ...(await measureTemperature(bench, 'cold'))];
  },
  table: (rows) =>
    linesOf(
      [
        ['scenario', -9, ({ temperature }) => `${temperature}-1`],
        ['tenants', 9, ({ tenants }) => String(tenants)],
        ['requests/s', 12, ({ requestsPerSecond }) => requestsPerSecond.toFixed(0)],
        ['to one', 8, ({ rateToOne }) => rateToOne.toFixed(2)],
        ['p99 ms', 9, ({ p99Ms }) => p99Ms.toFixed(2)],
        ['service µs', 12, ({ serviceUs }) => serviceUs.toFixed(0)],
        ['to one', 8, ({ serviceUsToOne }) => serviceUsToOne.toFixed(2)],
        ['postgres µs', 13, ({ postgresUs }) => postgresUs.toFixed(0)],
        ['failed', 8, ({ failed }) => failed.toFixed(0)],
        ['ready ms', 10, ({ readyMs }) => readyMs.toFixed(0)],
        ['RSS MiB', 9, ({ rssMiB }) => rssMiB.toFixed(0)],
      ],
      rows,
    ).join('\n'),
  plots: (rows) => ({
    'tenants-cpu': {
      title: 'CPU of the service by tenants (32 callers, 1 id)',
      x,
      y: { title: 'µs for each request', scale: 'linear' },
      series: seriesOf(rows, ({ serviceUs }) => serviceUs),
    },
    'tenants-rate': {
      title: 'Requests/s by tenants (32 callers, 1 id)',
      x,
      y: { title: 'requests/s', scale: 'linear' },
      series: seriesOf(rows, ({ requestsPerSecond }) => requestsPerSecond),
    },
    'tenants-start': {
      title: 'From spawn to ready by tenants',
      x,
      y: { title: 'ms', scale: 'linear' },
      series: [{ name: 'ready', points: seriesOf(rows, ({ readyMs }) => readyMs)[0]?.points ?? [] }],
      goal: { name: 'goal: 3 s', y: 3_000 },
    },
  }),
};
