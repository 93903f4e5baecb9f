/**
 * Rounds to figures: the median of each, and ratios taken within a round before their median, since a noisy machine is about as
 * noisy for all variants of one round.
 */
import type { Figures } from './measure.ts';
import { median } from './quantile.ts';
import type { AuditMode } from './scenarios.ts';
import type { VariantName } from './variants.ts';

export interface Run {
  readonly round: number;
  readonly variant: VariantName;
  readonly scenario: string;
  readonly audit: AuditMode;
  readonly callers: number;
  readonly addedMs: number;
  readonly figures: Figures;
}

export interface Row {
  readonly variant: VariantName;
  readonly scenario: string;
  readonly audit: AuditMode;
  readonly callers: number;
  readonly addedMs: number;
  readonly median: Figures;
  /** The service's requests/s (or, for the named figure, its value) divided by this variant's; 1 for the service itself. */
  readonly serviceTo: { readonly requestsPerSecond: number; readonly p50Ms: number; readonly postgresUs: number };
}

const figureNames = [
  'requests',
  'requestsPerSecond',
  'p50Ms',
  'p99Ms',
  'failed',
  'serviceUs',
  'postgresUs',
  'redisUs',
  'auditRows',
] as const satisfies readonly (keyof Figures)[];

const medians = (all: readonly Figures[]): Figures =>
  Object.fromEntries(figureNames.map((name) => [name, median(all.map((one) => one[name]))])) as unknown as Figures;

/** What figures are compared within. */
const caseOf = ({ scenario, audit, callers, addedMs }: Run): string => [scenario, audit, callers, addedMs].join(' ');

/** Echoes ran once for both audit modes: `DatabaseReads` is theirs too. */
const serviceRun = (runs: readonly Run[], run: Run): Run | undefined =>
  runs.find((other) => other.variant === 'service' && other.round === run.round && caseOf(other) === caseOf(run));

export const summarize = (runs: readonly Run[]): readonly Row[] => {
  const groups = Map.groupBy(runs, (run) => `${caseOf(run)} ${run.variant}`);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const ratio = (name: 'requestsPerSecond' | 'p50Ms' | 'postgresUs') =>
      median(group.map((run) => (serviceRun(runs, run)?.figures[name] ?? Number.NaN) / run.figures[name]));
    const { variant, scenario, audit, callers, addedMs } = first;
    return {
      ...{ variant, scenario, audit, callers, addedMs },
      median: medians(group.map(({ figures }) => figures)),
      serviceTo: {
        requestsPerSecond: ratio('requestsPerSecond'),
        p50Ms: ratio('p50Ms'),
        postgresUs: ratio('postgresUs'),
      },
    };
  });
};
