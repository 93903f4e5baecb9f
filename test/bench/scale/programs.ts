/**
 * The ways in which the handler could be shipped, each ready to be started. The bundled one is a trial: nothing ships it.
 */
import { rmSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';

export interface Program {
  readonly name: string;
  /** What Node runs. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const root = join(import.meta.dirname, '../../..');
const trials = join(root, 'bench-results/start');

/** As for the controller (cmd/bundle.mjs): an `import` of node:http would load all of fetch and WebSocket. */
const lazyBuiltins: Plugin = {
  name: 'lazy-builtins',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^(node:)?[a-z_]+(\/[a-z_]+)*$/ }, ({ path, kind }) => {
      const name = path.replace(/^node:/, '');
      return builtinModules.includes(name) && kind === 'import-statement'
        ? { path: name, namespace: 'builtin', sideEffects: false }
        : undefined;
    });
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule('node:${path}');`,
    }));
  },
};

const bundle = async (outfile: string): Promise<void> => {
  await build({
    entryPoints: [join(root, 'cmd/handler/main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    logLevel: 'error',
    // Optional parts that packages look for and do without.
    external: ['pg-native'],
    plugins: [lazyBuiltins],
    banner: {
      js: "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);",
    },
  });
};

/** `npm run build` has to have been run. */
export const makePrograms = async (): Promise<readonly Program[]> => {
  rmSync(trials, { recursive: true, force: true });
  const bundled = join(trials, 'handler.mjs');
  await bundle(bundled);
  const built = [join(root, 'dist/cmd/launch.mjs'), 'handler'];
  const cached = (name: string) => ({ NODE_COMPILE_CACHE: join(trials, `cache-${name}`) });
  return [
    { name: 'sources', args: [join(root, 'cmd/launch.mjs'), 'handler'], env: {} },
    { name: 'built', args: built, env: {} },
    { name: 'built, cached code', args: built, env: cached('built') },
    { name: 'bundled', args: [bundled], env: {} },
    { name: 'bundled, cached code', args: [bundled], env: cached('bundled') },
  ];
};
