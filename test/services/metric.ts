/** One series of what a handler tells Prometheus. */
import type { MetricName } from '../../pkg/telemetry/metric-names.ts';
import { metricPrefix } from '../../pkg/telemetry/metric-table.ts';
import type { TestHandler } from './handler.ts';

/** @param name  of a histogram: with `_count` or `_sum`
 * @returns the sum of the series that have these labels, or undefined where there is none */
export const metric = async (
  handler: Pick<TestHandler, 'admin'>,
  name: MetricName | `${MetricName}_${'count' | 'sum'}`,
  labels: Readonly<Record<string, string>> = {},
): Promise<number | undefined> => {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const line = new RegExp(`^${metricPrefix}${name}(?:\\{(.*)\\})? (\\S+)$`, 'gm');
  const { text } = await handler.admin('/metrics');
  const values = [...text.matchAll(line)]
    .filter(([, found = '']) => wanted.every((label) => found.split(',').includes(label)))
    .map(([, , value]) => Number(value));
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
};
