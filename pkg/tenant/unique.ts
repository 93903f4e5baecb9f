/**
 * The rule that names in a list differ.
 */
import type { Problem } from '../errors/problem.ts';

/** One problem for each item whose name an earlier one has. */
export const duplicates = (items: readonly { readonly name: string }[], path: string): readonly Problem[] => {
  const seen = new Set<string>();
  return items.flatMap(({ name }, at) => {
    if (seen.has(name)) return [{ path: `${path}[${at}].name`, expected: 'a name that no other one has' }];
    seen.add(name);
    return [];
  });
};
