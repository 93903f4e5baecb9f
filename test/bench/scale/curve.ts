/**
 * What every curve has in common: it measures rows, and makes tables and plots of rows that may be read from a file.
 */
import type { MeasureLoad } from '../measure-load.ts';
import type { Plot } from '../plot.ts';
import type { Stage } from '../stage.ts';
import type { StartService } from './service.ts';

export interface Bench {
  readonly stage: Stage;
  readonly startService: StartService;
  readonly measureLoad: MeasureLoad;
  /** Of one measurement. */
  readonly seconds: number;
  readonly rounds: number;
}

export interface Curve<Row extends object> {
  readonly name: string;
  measure(bench: Bench): Promise<readonly Row[]>;
  table(rows: readonly Row[]): string;
  /** By the name of their file. */
  plots(rows: readonly Row[]): Readonly<Record<string, Plot>>;
}
