import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hasNoCycles, importsOf, keepsRanks } from './imports.ts';
import { loadSources } from './sources.ts';

const importing = (path: string, ...targets: readonly string[]) => ({
  path,
  text: targets.map((target) => `import { a } from '${target}';`).join('\n'),
});

test('folders import only lower ranks and their own files', () => assert.equal(keepsRanks(loadSources()), []));

test('no file imports itself through others', () => assert.equal(hasNoCycles(loadSources()), []));

test('imports are found in every form', () => {
  const text = `import a from './a.ts';\nimport {\n  b,\n} from '../x/b.ts';\nexport * from "./c.ts";\nimport './d.ts';
    await import('./e.ts'); import type { F } from './f.ts'; import koa from 'koa';`;
  const found = ['a', '../x/b', 'c', 'd', 'e', 'f'].map(
    (name) => `pkg/${name.startsWith('.') ? 'x/b' : `y/${name}`}.ts`,
  );
  assert.equal(importsOf({ path: 'pkg/y/y.ts', text }), found);
});

const allowed: readonly (readonly [string, string])[] = [
  ['pkg/http/a.ts', '../actions/b.ts'],
  ['pkg/http/a.ts', './b.ts'],
  ['cmd/handler/main.ts', '../../pkg/http/b.ts'],
  ['cmd/dev/main.ts', '../handler/main.ts'],
  ['cmd/cli/cli.mjs', '../launch.mjs'],
  ['cmd/cli/simulate/a.ts', '../signer.ts'],
  ['cmd/cli/commands.ts', './simulate/a.ts'],
  ['pkg/cache/a.test.ts', '../../test/services/redis.ts'],
  ['test/integration/a.test.ts', '../../cmd/dev/postgres-server.ts'],
];
const forbidden: readonly (readonly [string, string])[] = [
  ['pkg/actions/a.ts', '../http/b.ts'],
  ['pkg/cache/a.ts', '../postgres/b.ts'],
  ['pkg/errors/a.ts', '../process/b.ts'],
  ['pkg/http/a.ts', '../../cmd/handler/main.ts'],
  ['pkg/http/a.ts', '../../test/services/redis.ts'],
  ['cmd/handler/main.ts', '../cli/main.ts'],
  ['cmd/cli/simulate/a.ts', '../../handler/main.ts'],
  ['cmd/handler/main.ts', '../../test/run.ts'],
  ['pkg/elsewhere/a.ts', './b.ts'],
];

test('ranks: each sample that keeps them passes, each that breaks them fails', () => {
  for (const [path, target] of allowed) assert.equal(keepsRanks([importing(path, target)]), [], `${path} ${target}`);
  for (const [path, target] of forbidden)
    assert.is(keepsRanks([importing(path, target)]).length, 1, `${path} ${target}`);
});

test('cycles of two and of three files are found once, a diamond is none', () => {
  const [a, b, c] = ['pkg/x/a.ts', 'pkg/x/b.ts', 'pkg/x/c.ts'] as const;
  assert.is(hasNoCycles([importing(a, './b.ts'), importing(b, './a.ts')]).length, 1);
  assert.is(hasNoCycles([importing(a, './b.ts'), importing(b, './c.ts'), importing(c, './a.ts')]).length, 1);
  assert.equal(hasNoCycles([importing(a, './b.ts', './c.ts'), importing(b, './c.ts'), importing(c)]), []);
});

test.run();
