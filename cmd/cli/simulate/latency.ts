/** Durations in bounded memory, however many there are: percentiles to three digits. */
import { createHistogram } from 'node:perf_hooks';

export interface LatencyFigures {
  readonly count: number;
  /** Milliseconds, like the others; 0 when there is none. */
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

export interface Latency {
  /** @param ms  at least 0 */
  record(ms: number): void;
  figures(): LatencyFigures;
}

/** Kept in microseconds, up to an hour: a histogram takes whole numbers from 1. */
const microsecondsMax = 3_600_000_000;

export const createLatency = (): Latency => {
  const histogram = createHistogram({ lowest: 1, highest: microsecondsMax, figures: 3 });
  const inMs = (microseconds: number): number => Math.round(microseconds) / 1_000;
  return {
    record: (ms) => histogram.record(Math.min(Math.max(Math.round(ms * 1_000), 1), microsecondsMax)),
    figures: () => {
      if (histogram.count === 0) return { count: 0, p50: 0, p90: 0, p99: 0, max: 0 };
      // A bucket's end can lie above the largest value in it.
      const at = (percentile: number) => inMs(Math.min(histogram.percentile(percentile), histogram.max));
      return { count: histogram.count, p50: at(50), p90: at(90), p99: at(99), max: inMs(histogram.max) };
    },
  };
};
