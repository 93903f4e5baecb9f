/** Which action is answered from which file: the operands `ACTION=FILE`. */
import { extname } from 'node:path';
import type { BundleTenant } from '../../../pkg/tenant/bundle.ts';
import { UsageError } from '../flag.ts';
import { cannedExtensions } from './load-canned.ts';

/** @returns files by action; an action of several tenants has the same file for all of them @throws UsageError */
export const assignFiles = (
  operands: readonly string[],
  tenants: readonly BundleTenant[],
): ReadonlyMap<string, string> => {
  const declared = new Set(tenants.flatMap(({ actions }) => actions.map(({ name }) => name)));
  const files = new Map<string, string>();
  for (const [at, operand] of operands.entries()) {
    const [, action = '', file = ''] = /^([^=]+)=(.+)$/s.exec(operand) ?? [];
    if (action === '') throw new UsageError(`ACTION=FILE: operand ${at + 1} is not of this form`);
    if (!declared.has(action)) {
      throw new UsageError(
        `ACTION=FILE: operand ${at + 1} names no action of the manifests, which are ${[...declared].join(', ')}`,
      );
    }
    if (files.has(action)) throw new UsageError(`${action}=FILE: given twice`);
    if (!cannedExtensions.some((extension) => extname(file) === extension)) {
      throw new UsageError(`${action}=FILE: expected the name of a file that ends in ${cannedExtensions.join(', ')}`);
    }
    files.set(action, file);
  }
  return files;
};
