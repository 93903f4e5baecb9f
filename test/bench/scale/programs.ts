/**
 * The ways in which the handler can be started: from its sources, as `npm run build` makes it, and that with compiled code of an earlier start.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';

export interface Program {
  readonly name: string;
  /** What Node runs. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const root = join(import.meta.dirname, '../../..');
const cache = join(root, 'bench-results/compiled');

/** `npm run build` has to have been run. */
export const makePrograms = (): readonly Program[] => {
  rmSync(cache, { recursive: true, force: true });
  const built = [join(root, 'dist/cmd/launch.mjs'), 'handler'];
  return [
    { name: 'sources', args: [join(root, 'cmd/launch.mjs'), 'handler'], env: {} },
    { name: 'built', args: built, env: {} },
    { name: 'built, cached code', args: built, env: { NODE_COMPILE_CACHE: cache } },
  ];
};
