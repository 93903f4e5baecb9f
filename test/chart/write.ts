/** `npm run chart`: writes the files that are made from others. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { madeFiles } from './made-files.ts';

for (const { path, make } of madeFiles) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, make());
}
