/**
 * A canned file that may be edited while it is served: looked at with each request, read again when it is another one.
 *
 * What cannot be read or makes no sense leaves the last good content in place, and is told once.
 */
import { stat } from 'node:fs/promises';
import { utf8Text } from '../../../pkg/controller/utf8-text.ts';
import { type Parsed, type Problem, parsed, refused } from '../../../pkg/errors/problem.ts';
import { thrownCode } from '../../../pkg/errors/thrown-code.ts';
import type { Clock } from '../../../pkg/process/clock.ts';
import { mockLimits } from '../../../pkg/process/mock-limits.ts';
import { readFileAtMost } from '../read-at-most.ts';

export interface CannedFile<T> {
  /** What it says now, or what it last said that made sense. */
  current(): Promise<T>;
}

interface CannedFileOptions<T> {
  readonly clock: Clock;
  compile(text: string): Parsed<T>;
  /** Another content was read; where there are problems, the last good one goes on. */
  onRead(problems: readonly Problem[]): void;
}

interface Stamp {
  /** Another file has another one, unless it was written right after this one. */
  readonly text: string;
  /** Wall milliseconds. */
  readonly changedAt: number;
}

interface Reading {
  /** Of the file as it was before it was read. */
  readonly stamp: string;
  /** A file written so lately may be another one with the same stamp. */
  readonly isYoung: boolean;
  /** Undefined: too long, or cannot be read. */
  readonly text: string | undefined;
}

const { fileBytesMax, fileYoungMs } = mockLimits;
const unreadable = refused([
  { path: '', expected: `a regular file of at most ${fileBytesMax} bytes in UTF-8 that can be read` },
]);
const noFile = 'no regular file';

const codeOf = (error: unknown): string => {
  const code = thrownCode(error);
  if (code === undefined) throw error;
  return code;
};

const stampOf = async (file: string): Promise<Stamp> => {
  try {
    const found = await stat(file, { bigint: true });
    const text = found.isFile() ? [found.dev, found.ino, found.size, found.mtimeNs].join(' ') : noFile;
    return { text, changedAt: Number(found.mtimeMs) };
  } catch (error) {
    return { text: codeOf(error), changedAt: Number.NEGATIVE_INFINITY };
  }
};

const readText = async (file: string): Promise<string | undefined> => {
  try {
    const bytes = await readFileAtMost(file, fileBytesMax);
    return bytes && utf8Text(bytes);
  } catch (error) {
    codeOf(error);
    return undefined;
  }
};

const read = async (file: string, clock: Clock): Promise<Reading> => {
  const { text: stamp, changedAt } = await stampOf(file);
  const isYoung = clock.wall() - changedAt < fileYoungMs;
  // Opening a pipe would wait for whoever writes into it.
  return { stamp, isYoung, text: stamp === noFile ? undefined : await readText(file) };
};

/** @returns the problems of the file as it is now, if there are any */
export const openCannedFile = async <T>(
  file: string,
  { clock, compile, onRead }: CannedFileOptions<T>,
): Promise<Parsed<CannedFile<T>>> => {
  const compileText = (text: string | undefined): Parsed<T> => (text === undefined ? unreadable : compile(text));
  let last = await read(file, clock);
  const first = compileText(last.text);
  if (!first.ok) return first;
  let good = first.value;
  /** Requests that come meanwhile wait for the same reading. */
  let reading: Promise<void> | undefined;

  const readAgain = async (): Promise<void> => {
    const before = last;
    last = await read(file, clock);
    if (last.text === before.text) return;
    const content = compileText(last.text);
    if (content.ok) good = content.value;
    onRead(content.ok ? [] : content.problems);
  };

  return parsed({
    current: async () => {
      const { text: stamp } = await stampOf(file);
      if (last.isYoung || stamp !== last.stamp) {
        reading ??= readAgain().finally(() => {
          reading = undefined;
        });
      }
      await reading;
      return good;
    },
  });
};
