/** What a test file's process tells the runner about itself when it ends. */
export interface Observed {
  /** `run()` calls, and how many of them came to their end. */
  readonly suites: number;
  readonly finished: number;
  readonly total: number;
  readonly passed: number;
  readonly skipped: number;
  /** Set by a test before uvu set its own. */
  readonly exitCode: number;
  readonly skippedTitles: readonly string[];
}

/** The file descriptor of the pipe. */
export const observedDescriptor = 3;

/** @returns undefined unless `text` is exactly one report */
export const parseObserved = (text: string): Observed | undefined => {
  try {
    const { suites, finished, total, passed, skipped, exitCode, skippedTitles } = JSON.parse(text);
    const counts: readonly unknown[] = [suites, finished, total, passed, skipped, exitCode];
    if (!counts.every(Number.isSafeInteger) || !Array.isArray(skippedTitles)) return undefined;
    return { suites, finished, total, passed, skipped, exitCode, skippedTitles: skippedTitles.map(String) };
  } catch {
    return undefined;
  }
};
