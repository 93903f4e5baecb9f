/**
 * A canned file that may be edited while it is served: looked at with each request, read again when it is another one.
 *
 * What cannot be read or makes no sense leaves the last good content in place, and is told once.
 */
import { open, stat } from 'node:fs/promises';
import { type Parsed, type Problem, parsed, refused } from '../../../pkg/errors/problem.ts';
import { mockLimits } from '../../../pkg/process/mock-limits.ts';
import { readAtMost } from '../read-at-most.ts';

export interface CannedFile<T> {
  /** What it says now, or what it last said that made sense. */
  current(): Promise<T>;
}

interface CannedFileOptions<T> {
  compile(text: string): Parsed<T>;
  /** Another content was read; where there are problems, the last good one goes on. */
  onRead(problems: readonly Problem[]): void;
}

interface Reading<T> {
  /** Of the file as it was before it was read: another one has another stamp. */
  readonly stamp: string;
  readonly content: Parsed<T>;
}

const { fileBytesMax } = mockLimits;
const expected = `a regular file of at most ${fileBytesMax} bytes that can be read`;
const noFile = 'no regular file';

const codeOf = (error: unknown): string => {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  if (typeof code !== 'string') throw error;
  return code;
};

const stampOf = async (file: string): Promise<string> => {
  try {
    const found = await stat(file, { bigint: true });
    return found.isFile() ? [found.dev, found.ino, found.size, found.mtimeNs].join(' ') : noFile;
  } catch (error) {
    return codeOf(error);
  }
};

/** @returns undefined for what is too long or cannot be read */
const readText = async (file: string): Promise<string | undefined> => {
  try {
    const handle = await open(file);
    try {
      return (await readAtMost(handle.createReadStream({ autoClose: false }), fileBytesMax))?.toString('utf8');
    } finally {
      await handle.close();
    }
  } catch (error) {
    codeOf(error);
    return undefined;
  }
};

const read = async <T>(file: string, compile: (text: string) => Parsed<T>): Promise<Reading<T>> => {
  const stamp = await stampOf(file);
  // Opening a pipe would wait for whoever writes into it.
  const text = stamp === noFile ? undefined : await readText(file);
  return { stamp, content: text === undefined ? refused([{ path: '', expected }]) : compile(text) };
};

/** @returns the problems of the file as it is now, if there are any */
export const openCannedFile = async <T>(
  file: string,
  { compile, onRead }: CannedFileOptions<T>,
): Promise<Parsed<CannedFile<T>>> => {
  const first = await read(file, compile);
  if (!first.content.ok) return first.content;
  let good = first.content.value;
  let { stamp } = first;
  /** Requests that come meanwhile wait for the same reading. */
  let reading: Promise<void> | undefined;

  const readAgain = async (): Promise<void> => {
    const next = await read(file, compile);
    stamp = next.stamp;
    if (next.content.ok) good = next.content.value;
    onRead(next.content.ok ? [] : next.content.problems);
  };

  return parsed({
    current: async () => {
      if ((await stampOf(file)) !== stamp) {
        reading ??= readAgain().finally(() => {
          reading = undefined;
        });
      }
      await reading;
      return good;
    },
  });
};
