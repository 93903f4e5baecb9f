/** Runs test files, so many at once, and adds up their results. Files begin in the order given. */
import { type FileResult, type RunFileOptions, runFile } from './run-file.ts';

export interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export interface RunFilesOptions extends RunFileOptions {
  readonly jobs: number;
  readonly onEnd: (result: FileResult) => void;
}

export const runFiles = async (files: readonly string[], options: RunFilesOptions): Promise<Totals> => {
  const waiting = [...files];
  const results: FileResult[] = [];
  const work = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const result = await runFile(file, options);
      results.push(result);
      options.onEnd(result);
    }
  };
  await Promise.all(Array.from({ length: options.jobs }, work));
  return addUp(results.map(({ passed, failed, skipped }) => ({ passed, failed, skipped: skipped.length })));
};

export const addUp = (parts: readonly Totals[]): Totals =>
  parts.reduce(
    (sum, part) => ({
      passed: sum.passed + part.passed,
      failed: sum.failed + part.failed,
      skipped: sum.skipped + part.skipped,
    }),
    { passed: 0, failed: 0, skipped: 0 },
  );
