/**
 * A part of `npm run build`: the controller as one file, without what it never uses, which takes half of its memory and most of its start.
 * Usage: node cmd/bundle.mjs OUTPUT
 */
import { readFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';

const [, , outfile] = process.argv;

/**
 * Node's own modules are asked for as CommonJS does. An `import` of one evaluates every getter that it exports: that of node:http loads
 * the whole of fetch and WebSocket, which are never used.
 */
const lazyBuiltins = {
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

/** What our calls send and get; what these consist of is found below. Others' answers are read as plain JSON. */
const modelsInUse = ['V1SecretList', 'V1Lease', 'EventsV1Event'];

/**
 * The Kubernetes client without the commands and kinds that nobody calls for. Its modules only define, but do so by statements that esbuild
 * must keep unless told that they do nothing else; and its serializer refers to each of 700 kinds.
 */
const leanKubernetes = {
  name: 'lean-kubernetes',
  setup: ({ onResolve, onLoad, resolve }) => {
    onResolve({ filter: /^(@kubernetes\/client-node$|\.)/ }, async ({ path, pluginData, ...origin }) => {
      const isInside = path.startsWith('@') || origin.importer.includes('/@kubernetes/client-node/');
      if (!isInside || pluginData === 'resolved') return undefined;
      const found = await resolve(path, { ...origin, pluginData: 'resolved' });
      return { ...found, sideEffects: false };
    });
    onLoad({ filter: /\/gen\/models\/ObjectSerializer\.js$/ }, async ({ path }) => {
      const kept = await modelsReachedFrom(modelsInUse, dirname(path));
      const text = await readFile(path, 'utf8');
      return { contents: text.replace(/^ +"(\w+)": \1,?\n/gm, (line, model) => (kept.has(model) ? line : '')) };
    });
  },
};

const modelsReachedFrom = async (names, folder) => {
  const reached = new Set(names);
  // Grows on the way.
  for (const name of reached) {
    const text = await readFile(join(folder, `${name}.js`), 'utf8').catch(() => '');
    for (const [, type = ''] of text.matchAll(/"type": "(.+)"/g)) {
      for (const [model] of type.matchAll(/\b[A-Z]\w*/g)) reached.add(model);
    }
  }
  return reached;
};

await build({
  entryPoints: [new URL('./controller/main.ts', import.meta.url).pathname],
  outfile,
  allowOverwrite: true,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  minifySyntax: true,
  minifyWhitespace: true,
  sourcemap: true,
  sourcesContent: false,
  legalComments: 'none',
  logLevel: 'warning',
  plugins: [lazyBuiltins, leanKubernetes],
  banner: {
    js: [
      // What came from CommonJS asks for Node's own modules by `require`.
      "import { createRequire } from 'node:module';",
      'const require = createRequire(import.meta.url);',
      // It waits for the API server and does little else: ten megabytes of compilers and of what they make would be for nothing. NODE_OPTIONS
      // does not take these, and they have to come before the first functions are compiled.
      "process.getBuiltinModule('node:v8').setFlagsFromString('--optimize-for-size --no-opt --no-maglev --no-sparkplug');",
    ].join('\n'),
  },
});
