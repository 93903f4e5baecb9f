/**
 * The PromQL of docs/operate.md and of the runbooks: one query a line.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const docs = join(import.meta.dirname, '../../docs');

export const paperQueries: readonly { readonly paper: string; readonly expr: string }[] = globSync('**/*.md', {
  cwd: docs,
}).flatMap((paper) =>
  [...readFileSync(join(docs, paper), 'utf8').matchAll(/^ *```promql\n(.*?)^ *```$/gms)]
    .flatMap(([, block = '']) => block.split('\n'))
    .filter((line) => line.trim() !== '')
    .map((expr) => ({ paper, expr })),
);
