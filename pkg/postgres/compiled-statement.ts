/**
 * A declared statement as it is run, beside what PostgreSQL has to be asked about before any caller runs it.
 */
import type { Statement } from './statement.ts';

export interface CompiledStatement {
  /** The declared text alone, with its types: what has to be a complete statement by itself. */
  readonly declared: string;
  /** How many values `declared` binds. */
  readonly valueCount: number;
  /** What is run. */
  readonly statement: Statement;
  /** How many values `statement` binds: those of `declared` first. */
  readonly boundCount: number;
}
