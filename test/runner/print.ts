/** What the runner prints: one line for each file as it ends, a failed file's whole output, the sum as the last line. */
import { relative } from 'node:path';
import type { FileResult } from './run-file.ts';
import type { Totals } from './run-files.ts';

export const describeFile = ({ file, passed, skipped, reasons, output, durationMs }: FileResult): string => {
  const name = relative(process.cwd(), file);
  const time = `${(durationMs / 1_000).toFixed(1)} s`;
  const skips = skipped.map((title) => `     skipped: ${title}`);
  if (reasons.length === 0) return [`ok   ${name}  ${passed} passed, ${time}`, ...skips].join('\n');
  return [`FAIL ${name}  ${reasons.join('; ')}, ${time}`, ...skips, indent(output), ''].join('\n');
};

export const describeTotals = ({ passed, failed, skipped }: Totals): string =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`;

const indent = (output: string): string =>
  output
    .trimEnd()
    .split('\n')
    .map((line) => `     | ${line}`)
    .join('\n');
