/**
 * The bench's figures as text: one block of lines for each case, one line for each variant.
 */
import type { OpenLoopResult } from './open-loop.ts';
import { median } from './quantile.ts';
import type { AuditMode } from './scenarios.ts';
import type { Row } from './summary.ts';
import type { VariantName } from './variants.ts';

interface Case {
  readonly scenario: string;
  readonly audit: AuditMode;
  readonly callers: number;
  readonly addedMs: number;
}

export interface OpenRun extends Case {
  readonly round: number;
  readonly variant: VariantName;
  readonly perSecond: number;
  readonly result: OpenLoopResult;
}

export type Columns<Line> = readonly (readonly [title: string, width: number, cell: (line: Line) => string])[];

const pad = (text: string, width: number): string => (width < 0 ? text.padEnd(-width) : text.padStart(width));

export const linesOf = <Line>(columns: Columns<Line>, lines: readonly Line[]): readonly string[] => [
  columns.map(([name, width]) => pad(name, width)).join(''),
  ...lines.map((line) => columns.map(([, width, cell]) => pad(cell(line), width)).join('')),
];

const blocks = <Line extends Case>(columns: Columns<Line>, lines: readonly Line[]): string => {
  const cases = Map.groupBy(lines, ({ scenario, audit, callers, addedMs }) => {
    const added = addedMs > 0 ? `, +${addedMs} ms to PostgreSQL` : '';
    return `${scenario}, ${audit}, ${callers} callers${added}`;
  });
  return [...cases].map(([name, some]) => [name, ...linesOf(columns, some)].join('\n')).join('\n\n');
};

const closedColumns: Columns<Row> = [
  ['variant', -10, ({ variant }) => variant],
  ['requests/s', 11, ({ median }) => median.requestsPerSecond.toFixed(0)],
  ['p50 ms', 8, ({ median }) => median.p50Ms.toFixed(2)],
  ['p99 ms', 8, ({ median }) => median.p99Ms.toFixed(2)],
  ['service µs', 11, ({ median }) => median.serviceUs.toFixed(0)],
  ['postgres µs', 12, ({ median }) => median.postgresUs.toFixed(0)],
  ['redis µs', 9, ({ median }) => median.redisUs.toFixed(0)],
  ['audit', 7, ({ median }) => median.auditRows.toFixed(2)],
  ['failed', 7, ({ median }) => median.failed.toFixed(0)],
  ['ours ×', 8, ({ serviceTo }) => serviceTo.requestsPerSecond.toFixed(2)],
];

export const closedTable = (rows: readonly Row[]): string => blocks(closedColumns, rows);

/** The rounds of one variant at one rate. */
interface OpenLine extends Case {
  readonly variant: VariantName;
  readonly perSecond: number;
  readonly rounds: readonly OpenRun[];
}

const medianOf = ({ rounds }: OpenLine, figure: (result: OpenLoopResult) => number): number =>
  median(rounds.map(({ result }) => figure(result)));

const openColumns: Columns<OpenLine> = [
  ['variant', -10, ({ variant }) => variant],
  ['offered/s', 11, ({ perSecond }) => String(perSecond)],
  ['answered/s', 11, (line) => medianOf(line, ({ answeredPerSecond }) => answeredPerSecond).toFixed(0)],
  ['p50 ms', 9, (line) => medianOf(line, ({ p50Ms }) => p50Ms).toFixed(2)],
  ['p99 ms', 9, (line) => medianOf(line, ({ p99Ms }) => p99Ms).toFixed(2)],
  ['worst ms', 9, ({ rounds }) => Math.max(...rounds.map(({ result }) => result.maxMs)).toFixed(1)],
  ['failed', 7, ({ rounds }) => String(rounds.reduce((sum, { result }) => sum + result.failed, 0))],
];

/** Medians of the rounds, the worst of all, and how many failed together. */
export const openTable = (runs: readonly OpenRun[]): string => {
  const groups = Map.groupBy(runs, ({ scenario, audit, callers, addedMs, perSecond, variant }) =>
    [scenario, audit, callers, addedMs, perSecond, variant].join(' '),
  );
  const lines = [...groups.values()].flatMap((rounds) => rounds.slice(0, 1).map((first) => ({ ...first, rounds })));
  return blocks(openColumns, lines);
};
