/** Bytes of the file that a flag names, or of standard input for `-`. */
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { UsageError } from './flag.ts';

/** @param error  what reading it threw; its text may not name the file */
export const unreadable = (file: string, flag: string, error: unknown): UsageError => {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  return new UsageError(`--${flag}: ${file} cannot be read (${typeof code === 'string' ? code : 'unknown reason'})`);
};

/** @throws UsageError for a file that cannot be read */
export const readBytes = async (file: string, flag: string): Promise<Buffer> => {
  try {
    return await (file === '-' ? buffer(process.stdin) : readFile(file));
  } catch (error) {
    throw unreadable(file, flag, error);
  }
};
