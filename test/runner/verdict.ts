/**
 * Decides whether a test file passed: only if it ended by itself with exit code 0, each of its suites came to the end, and
 * every test of at least one passed. Everything else is named as a failure. Pure.
 */
import type { Observed } from './observed.ts';

export interface Ended {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Cut by the runner after this long. */
  readonly cutAfterS: number | undefined;
  readonly observed: Observed | undefined;
  readonly source: string;
}

export interface Verdict {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly string[];
  /** Empty when the file passed. */
  readonly reasons: readonly string[];
}

export const judge = (ended: Ended): Verdict => {
  const { observed } = ended;
  const reasons = whyFailed(ended);
  const passed = observed?.passed ?? 0;
  const broken = (observed?.total ?? 0) - passed;
  return {
    passed,
    failed: reasons.length === 0 ? 0 : Math.max(1, broken),
    skipped: skippedTitles(observed),
    reasons,
  };
};

const whyFailed = ({ exitCode, signal, cutAfterS, observed, source }: Ended): string[] => {
  const reasons: string[] = [];
  if (cutAfterS !== undefined)
    reasons.push(`was still running after ${cutAfterS} s: an open handle, or a promise that never settles`);
  else if (signal !== null) reasons.push(`was ended by ${signal}`);
  else if (exitCode !== 0) reasons.push(`exit code ${exitCode}`);
  if (/^\s*[\w.]+\.only\s*\(/m.test(source)) reasons.push('holds an .only(, which leaves out the other tests');
  if (!observed) return reasons.length > 0 ? reasons : ['ended without its results'];
  const { suites, finished, passed, total, skipped } = observed;
  if (finished < suites) reasons.push(`${suites - finished} of ${suites} suites did not come to their end`);
  if (passed < total)
    reasons.push(
      `${total - passed} of ${total} tests did not pass, or a hook failed, or something thrown was no Error`,
    );
  if (observed.exitCode !== 0) reasons.push(`a test set exit code ${observed.exitCode}`);
  if (total === 0 && skipped === 0) reasons.push('ran no test: is test.run() missing?');
  return reasons;
};

const skippedTitles = (observed: Observed | undefined): readonly string[] => {
  if (!observed) return [];
  const untitled = Math.max(0, observed.skipped - observed.skippedTitles.length);
  return [...observed.skippedTitles, ...Array<string>(untitled).fill('a test of a suite()')];
};
