/**
 * What a command of the CLI is, and how it reads its flags: wrong usage ends with 2 and names the flag.
 */
import { type ParseArgsConfig, parseArgs } from 'node:util';

export interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  /** With examples. */
  readonly help: string;
  /** @returns the exit code */
  run(args: readonly string[]): Promise<number>;
}

export class UsageError extends Error {
  override readonly name = 'UsageError';
}

type Flags = NonNullable<ParseArgsConfig['options']>;

/** `parseArgs` without positional arguments.
 * @throws UsageError for an unknown flag, a missing value or anything that is not a flag */
export const readFlags = <const F extends Flags>(args: readonly string[], options: F) => {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
};

export const required = (value: string | undefined, flag: string): string => {
  if (value === undefined || value === '') throw new UsageError(`--${flag} is required`);
  return value;
};
