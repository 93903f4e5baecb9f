/**
 * The metrics as objects that count, and the two texts Prometheus may ask for.
 *
 * Nothing is global: a process makes one set. Ranks below do not know it; `cmd` connects their hooks to it.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { type MetricName, metricPrefix, metricTable } from './metric-table.ts';

export interface Metrics {
  /** Adds to a counter, sets a gauge, observes in a histogram. Non-finite values are dropped: a metric never fails a request. */
  count(name: MetricName, labels: Readonly<Record<string, string>>, by?: number): void;
  set(name: MetricName, labels: Readonly<Record<string, string>>, value: number): void;
  /** @param traceId  attached as an exemplar */
  observe(name: MetricName, labels: Readonly<Record<string, string>>, value: number, traceId?: string): void;
  /** Drops every series of a metric. */
  forget(name: MetricName): void;
  /** Drops every series of these metrics that has this `tenant_id`. */
  forgetTenant(names: readonly MetricName[], tenantId: string): Promise<void>;
  /** Called before each scrape, to read gauges from their owners. */
  beforeScrape(fn: () => void): void;
  scrape(openMetrics: boolean): Promise<{ readonly contentType: string; readonly text: string }>;
}

export const createMetrics = (options: { readonly processMetrics: boolean }): Metrics => {
  const plain = new Registry();
  const open = new Registry<typeof Registry.OPENMETRICS_CONTENT_TYPE>();
  open.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  const counters = new Map<MetricName, Counter>();
  const gauges = new Map<MetricName, Gauge>();
  const histograms = new Map<MetricName, Histogram>();
  const readers: (() => void)[] = [];

  for (const [key, entry] of Object.entries(metricTable)) {
    const name = key as MetricName;
    const common = {
      name: metricPrefix + name,
      help: entry.help,
      labelNames: [...entry.labels],
      // Exemplars are allowed in this registry alone; the other one gets the same objects below.
      registers: [open],
    };
    if (entry.type === 'counter') counters.set(name, new Counter(common));
    else if (entry.type === 'gauge') {
      const gauge = new Gauge(common);
      // Without this, one that nobody ever sets would say 0.
      if (entry.labels.length === 0) gauge.remove();
      gauges.set(name, gauge);
    } else {
      histograms.set(name, new Histogram({ ...common, buckets: [...entry.buckets], enableExemplars: true }));
    }
  }
  for (const metric of [...counters.values(), ...gauges.values(), ...histograms.values()]) plain.registerMetric(metric);
  if (options.processMetrics) {
    collectDefaultMetrics({ register: plain });
    for (const { name } of plain.getMetricsAsArray()) {
      const metric = plain.getSingleMetric(name);
      if (metric && !name.startsWith(metricPrefix)) open.registerMetric(metric);
    }
  }

  const metricOf = (name: MetricName) => counters.get(name) ?? gauges.get(name) ?? histograms.get(name);

  return {
    count: (name, labels, by = 1) => {
      if (Number.isFinite(by)) counters.get(name)?.inc(labels, by);
    },
    set: (name, labels, value) => {
      if (Number.isFinite(value)) gauges.get(name)?.set(labels, value);
    },
    observe: (name, labels, value, traceId) => {
      if (!Number.isFinite(value)) return;
      const exemplarLabels = traceId === undefined ? {} : { trace_id: traceId };
      histograms.get(name)?.observe({ labels, value, exemplarLabels });
    },
    forget: (name) => metricOf(name)?.reset(),
    forgetTenant: async (names, tenantId) => {
      for (const name of names) {
        const metric = metricOf(name);
        for (const labels of await seriesOf(metric, tenantId)) metric?.remove(labels);
      }
    },
    beforeScrape: (fn) => void readers.push(fn),
    scrape: async (openMetrics) => {
      for (const read of readers) read();
      const registry = openMetrics ? open : plain;
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
};

type AnyMetric = Counter | Gauge | Histogram;

/** The label sets of a tenant's series, without what a histogram adds. */
const seriesOf = async (
  metric: AnyMetric | undefined,
  tenantId: string,
): Promise<readonly Record<string, string>[]> => {
  const { values = [] } = (await metric?.get()) ?? {};
  const found = new Map<string, Record<string, string>>();
  for (const { labels } of values) {
    if (labels.tenant_id !== tenantId) continue;
    const own = Object.fromEntries(
      Object.entries(labels).flatMap(([key, value]) => (key === 'le' ? [] : [[key, String(value)]])),
    );
    found.set(JSON.stringify(own), own);
  }
  return [...found.values()];
};
