/**
 * Remarks as people, programs and GitHub read them.
 */
import type { Remark } from '../../../pkg/controller/review-manifests.ts';
import { problemText } from '../../../pkg/errors/problem.ts';

/** `file:line: path: expected …`, as compilers do. */
export const remarkText = (remark: Remark): string =>
  `${remark.file}:${remark.line}: ${remark.severity === 'note' ? 'note: ' : ''}${problemText(remark)}`;

const escaped = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

/** A workflow command that puts the remark beside its line. Source: GitHub's documentation, "Workflow commands". */
export const githubText = (remark: Remark): string => {
  const file = escaped(remark.file).replaceAll(':', '%3A').replaceAll(',', '%2C');
  const command = remark.severity === 'note' ? 'notice' : 'error';
  return `::${command} file=${file},line=${remark.line}::${escaped(problemText(remark))}`;
};

const counted = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;

export const summaryText = (remarks: readonly Remark[], tenants: number, statements: number | undefined): string => {
  const count = (severity: Remark['severity']) => remarks.filter((remark) => remark.severity === severity).length;
  const asked = statements === undefined ? '' : `, ${counted(statements, 'statement')} shown to PostgreSQL`;
  return `${counted(tenants, 'tenant')}${asked}: ${counted(count('problem'), 'problem')}, ${counted(count('note'), 'note')}`;
};
