/**
 * The metrics as objects that count, and the two texts Prometheus may ask for.
 *
 * Nothing is global: a process makes one set. Ranks below do not know it; `cmd` connects their hooks to it.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { type CounterTally, createTally } from './counter-tally.ts';
import type { CounterName, GaugeName, HistogramName, LabelsOf, MetricName } from './metric-names.ts';
import { type MetricEntry, metricPrefix, metricTable } from './metric-table.ts';

/** Values that a metric cannot take are dropped: a metric never fails a request. */
export interface Metrics {
  count<Name extends CounterName>(name: Name, labels: LabelsOf<Name>, by?: number): void;
  set<Name extends GaugeName>(name: Name, labels: LabelsOf<Name>, value: number): void;
  /** @param traceId  attached as an exemplar */
  observe<Name extends HistogramName>(name: Name, labels: LabelsOf<Name>, value: number, traceId?: string): void;
  /** Drops every series of a metric. */
  forget(name: MetricName): void;
  /** Drops every series of these metrics that has one of these as `tenant_id`. Costs all their series, however many tenants go at once. */
  forgetTenants(names: readonly MetricName[], tenantIds: ReadonlySet<string>): void;
  /** Called before each scrape, to read gauges from their owners. */
  beforeScrape(fn: () => void): void;
  scrape(openMetrics: boolean): Promise<{ readonly contentType: string; readonly text: string }>;
}

type AnyMetric = Counter | Gauge | Histogram;
type OpenRegistry = Registry<typeof Registry.OPENMETRICS_CONTENT_TYPE>;

interface MetricsOptions {
  readonly processMetrics: boolean;
  /** Those of this process; default: the handler's. The others count nothing here. */
  readonly table?: Readonly<Record<string, MetricEntry>>;
}

export const createMetrics = (options: MetricsOptions): Metrics => {
  const plain = new Registry();
  const open: OpenRegistry = new Registry();
  open.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  const { counters, tallies, gauges, histograms } = defineMetrics(open, options.table ?? metricTable);
  const metrics = new Map<MetricName, AnyMetric>([...counters, ...gauges, ...histograms]);
  for (const metric of metrics.values()) plain.registerMetric(metric);
  if (options.processMetrics) collectDefaultMetrics({ register: plain });
  shareMetrics(plain, open);
  const readers: (() => void)[] = [];
  const flush = (): void => {
    for (const tally of tallies.values()) tally.flush();
  };

  return {
    count: (name, labels, by = 1) => {
      if (Number.isFinite(by) && by >= 0) tallies.get(name)?.add(labels, by);
    },
    set: (name, labels, value) => {
      if (Number.isFinite(value)) gauges.get(name)?.set(labels, value);
    },
    observe: (name, labels, value, traceId) => {
      if (!Number.isFinite(value)) return;
      const exemplarLabels = traceId === undefined ? {} : { trace_id: traceId };
      histograms.get(name)?.observe({ labels, value, exemplarLabels });
    },
    forget: (name) => {
      flush();
      metrics.get(name)?.reset();
    },
    forgetTenants: (names, tenantIds) => {
      flush();
      for (const name of names) {
        const metric = metrics.get(name);
        if (!metric) continue;
        for (const labels of seriesOf(metric)) if (tenantIds.has(String(labels.tenant_id))) metric.remove(labels);
      }
    },
    beforeScrape: (fn) => void readers.push(fn),
    scrape: async (openMetrics) => {
      for (const read of readers) read();
      flush();
      const registry = openMetrics ? open : plain;
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
};

/** Histograms stand in the registry of OpenMetrics from the start: exemplars are allowed in no other. */
const defineMetrics = (open: OpenRegistry, table: Readonly<Record<string, MetricEntry>>) => {
  const counters = new Map<MetricName, Counter>();
  const tallies = new Map<MetricName, CounterTally>();
  const gauges = new Map<MetricName, Gauge>();
  const histograms = new Map<MetricName, Histogram>();
  for (const [key, entry] of Object.entries(table)) {
    const name = key as MetricName;
    const common = { name: metricPrefix + name, help: entry.help, labelNames: [...entry.labels], registers: [] };
    if (entry.type === 'counter') {
      const counter = new Counter(common);
      counters.set(name, counter);
      tallies.set(name, createTally(counter, tenantLast(entry.labels)));
    } else if (entry.type === 'gauge') gauges.set(name, silentGauge(new Gauge(common), entry.labels));
    else {
      const { buckets = [] } = entry;
      histograms.set(
        name,
        new Histogram({ ...common, buckets: [...buckets], enableExemplars: true, registers: [open] }),
      );
    }
  }
  return { counters, tallies, gauges, histograms };
};

/** One Map of tenants for each status, and not one of statuses for each tenant. */
const tenantLast = (labels: readonly string[]): readonly string[] =>
  labels.toSorted((a, b) => Number(a === 'tenant_id') - Number(b === 'tenant_id'));

/** One without labels would say 0 before anybody has set it. */
const silentGauge = (gauge: Gauge, labels: readonly string[]): Gauge => {
  if (labels.length === 0) gauge.remove();
  return gauge;
};

/** OpenMetrics takes `_total` off the names of the counters it is given: it gets stand-ins that share their values. */
const shareMetrics = (plain: Registry, open: OpenRegistry): void => {
  for (const { name } of plain.getMetricsAsArray()) {
    const metric = plain.getSingleMetric(name);
    if (metric) open.registerMetric(metric instanceof Counter ? Object.create(metric) : metric);
  }
};

type Labels = Readonly<Record<string, string | number>>;

/** The label sets of a metric's series. By a property of prom-client's own: `get` makes an object of each bucket, a tenth of a second of them for
 * a thousand tenants. Should it go, metrics.test.ts fails. */
const seriesOf = (metric: AnyMetric): readonly Labels[] => {
  const series: Readonly<Record<string, { readonly labels: Labels }>> = Reflect.get(metric, 'hashMap');
  return Object.values(series).map(({ labels }) => labels);
};
