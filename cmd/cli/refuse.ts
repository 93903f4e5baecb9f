/** Ends a command with everything that is wrong with one of its inputs. */
import type { Problem } from '../../pkg/errors/problem.ts';
import { UsageError } from './flag.ts';

/** @param where  which input, e.g. `--scenario soak.yaml:` @throws UsageError with every problem by path */
export const refuse = (where: string, problems: readonly Problem[]): never => {
  const lines = problems.map(({ path, expected }) => `  ${path === '' ? '' : `${path}: `}expected ${expected}`);
  throw new UsageError(`${where}\n${lines.join('\n')}`);
};
