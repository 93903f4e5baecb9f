/** Bytes of the file that a flag names, or of standard input for `-`. */
import { thrownCode } from '../../pkg/errors/thrown-code.ts';
import { cliLimits } from '../../pkg/process/cli-limits.ts';
import { UsageError } from './flag.ts';
import { readAtMost, readFileAtMost } from './read-at-most.ts';

/** @param error  what reading it threw; its text may not name the file */
export const unreadable = (file: string, flag: string, error: unknown): UsageError =>
  new UsageError(`--${flag}: ${file} cannot be read (${thrownCode(error) ?? 'unknown reason'})`);

/** @throws UsageError for a file that cannot be read, or is longer than `inputBytesMax`, and for standard input that another flag has read */
export const readBytes = async (file: string, flag: string): Promise<Buffer> => {
  const { inputBytesMax } = cliLimits;
  if (file === '-' && process.stdin.readableEnded)
    throw new UsageError(`--${flag}: only one flag can read standard input`);
  let bytes: Buffer | undefined;
  try {
    bytes = await (file === '-' ? readAtMost(process.stdin, inputBytesMax) : readFileAtMost(file, inputBytesMax));
  } catch (error) {
    throw unreadable(file, flag, error);
  }
  if (!bytes) throw new UsageError(`--${flag}: ${file} is longer than ${inputBytesMax} bytes`);
  return bytes;
};
