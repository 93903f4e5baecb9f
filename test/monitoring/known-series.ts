/**
 * The names of series that Prometheus gets from handler and controller, and those that a text speaks of.
 */
import { controllerMetricTable } from '../../pkg/telemetry/controller-metric-table.ts';
import { type MetricEntry, metricPrefix, metricTable } from '../../pkg/telemetry/metric-table.ts';

const entries: readonly (readonly [string, MetricEntry])[] = [
  ...Object.entries(metricTable),
  ...Object.entries(controllerMetricTable),
];

/** Names as in the tables, with the prefix. */
export const ownMetrics: readonly string[] = entries.map(([name]) => metricPrefix + name);

/** A histogram is three series. */
export const knownSeries: ReadonlySet<string> = new Set(
  entries.flatMap(([name, { type }]) =>
    type === 'histogram'
      ? ['_bucket', '_count', '_sum'].map((end) => metricPrefix + name + end)
      : [metricPrefix + name],
  ),
);

/** Those of ours, recorded ones included. */
export const seriesIn = (text: string): readonly string[] => [
  ...new Set([...text.matchAll(/\b(?:\w+:)?cxone_dataaction_\w+(?::\w+)?/g)].map(([name]) => name)),
];
