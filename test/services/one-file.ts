/**
 * The handler as `npm run build` makes it, in a folder of its own and without a package beside it.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownDirectory } from './owned.ts';

export interface OneFile {
  /** What starts it. */
  readonly launcher: string;
  readonly folder: string;
}

const cmd = join(import.meta.dirname, '../../cmd');

export const makeOneFile = (): OneFile => {
  const root = ownDirectory('one-file');
  const folder = join(root, 'cmd/handler');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(root, 'package.json'), '{"type":"module"}');
  for (const name of ['launch.mjs', 'require-node.mjs']) copyFileSync(join(cmd, name), join(root, 'cmd', name));
  execFileSync(process.execPath, [join(cmd, 'bundle.mjs'), 'handler', join(folder, 'main.js')]);
  return { launcher: join(root, 'cmd/launch.mjs'), folder };
};
