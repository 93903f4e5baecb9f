/** A command as it is told to people and shells: parsing, help and completion are made from it. Pure data. */
import type { Flags, Operand } from './flag.ts';

export interface Description {
  /** One line for the list of commands. */
  readonly summary: string;
  /** What comes after its name, e.g. `--url URL [--include]`. */
  readonly usage: string;
  /** A paragraph: what it prints, and its exit codes. */
  readonly about: string;
  readonly flags: Flags;
  readonly operand?: Operand;
  /** As typed into a shell, each a whole command line. */
  readonly examples: readonly string[];
}
