/**
 * What a command of the CLI is: its description, from which its help and completion are made, and its work.
 */
import type { Description } from './description.ts';
import { type Flags, type Given, readFlags } from './flag.ts';
import { helpText } from './help.ts';

export interface Command extends Description {
  /** What `--help` prints. */
  help(name: string): string;
  /** Reads the flags and does nothing else. @throws UsageError */
  check(args: readonly string[]): void;
  /** @returns the exit code @throws UsageError */
  run(args: readonly string[]): Promise<number>;
}

/** @param work  @returns the exit code */
export const defineCommand = <const F extends Flags>(
  description: Description & { readonly flags: F },
  work: (given: Given<F>) => Promise<number>,
): Command => {
  const read = (args: readonly string[]) => readFlags<F>(description.flags, description.operand, args);
  return {
    ...description,
    help: (name) => helpText(name, description),
    check: (args) => void read(args),
    run: (args) => work(read(args)),
  };
};
