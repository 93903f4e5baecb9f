/** What is wrong with an input, in words, and the end of a command with all of it. */
import type { Problem } from '../../pkg/errors/problem.ts';
import { UsageError } from './flag.ts';

/** `path: expected …`, or what reads better without it. */
export const problemText = ({ path, expected }: Problem): string =>
  `${path === '' ? '' : `${path}: `}${/^(?:required|no such field)\b/.test(expected) ? '' : 'expected '}${expected}`;

/** @param where  which input, e.g. `--scenario soak.yaml:` @throws UsageError with every problem by path */
export const refuse = (where: string, problems: readonly Problem[]): never => {
  const lines = problems.map((problem) => `  ${problemText(problem)}`);
  throw new UsageError(`${where}\n${lines.join('\n')}`);
};
