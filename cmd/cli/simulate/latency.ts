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
  // The histogram's own is the end of a bucket.
  let max = 0;
  return {
    record: (ms) => {
      const microseconds = Math.min(Math.max(Math.round(ms * 1_000), 1), microsecondsMax);
      max = Math.max(max, microseconds);
      histogram.record(microseconds);
    },
    figures: () => {
      const { count } = histogram;
      const at = (percentile: number) => (count === 0 ? 0 : Math.min(histogram.percentile(percentile), max) / 1_000);
      return { count, p50: at(50), p90: at(90), p99: at(99), max: max / 1_000 };
    },
  };
};
