/**
 * The names of all metrics with the labels of each, for the compiler: a count of something that is not defined does not compile.
 */
import type { controllerMetricTable } from './controller-metric-table.ts';
import type { metricTable } from './metric-table.ts';

type AllMetrics = typeof metricTable & typeof controllerMetricTable;
export type MetricName = keyof AllMetrics;
type NameOf<Type extends AllMetrics[MetricName]['type']> = {
  [Name in MetricName]: AllMetrics[Name]['type'] extends Type ? Name : never;
}[MetricName];
export type CounterName = NameOf<'counter'>;
export type GaugeName = NameOf<'gauge'>;
export type HistogramName = NameOf<'histogram'>;

/** Exactly the labels a metric was defined with. */
export type LabelsOf<Name extends MetricName> = Readonly<Record<AllMetrics[Name]['labels'][number], string>>;
