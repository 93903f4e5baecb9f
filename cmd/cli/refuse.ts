/** The end of a command with all that is wrong with an input. */
import { type Problem, problemText } from '../../pkg/errors/problem.ts';
import { UsageError } from './flag.ts';

/** @param where  which input, e.g. `--scenario soak.yaml:` @throws UsageError with every problem by path */
export const refuse = (where: string, problems: readonly Problem[]): never => {
  const lines = problems.map((problem) => `  ${problemText(problem)}`);
  throw new UsageError(`${where}\n${lines.join('\n')}`);
};
