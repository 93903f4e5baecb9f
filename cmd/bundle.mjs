/**
 * A part of `npm run build`: handler or controller as one file, which is read and compiled sooner than some thousand, and without what is never
 * used. The licenses of the packages in it are written beside it, and a map, for frames of errors in logs.
 * Usage: node cmd/bundle.mjs handler|controller OUTPUT
 */
import { readFile, writeFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { build } from 'esbuild';
import { licensesOf } from './bundle-licenses.mjs';

const root = join(import.meta.dirname, '..');

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

/** What is an entry's own. */
const entries = {
  handler: { plugins: [], banner: '' },
  controller: {
    plugins: [leanKubernetes],
    // It waits for the API server and does little else: ten megabytes of compilers and of what they make would be for nothing. NODE_OPTIONS
    // does not take these, and they have to come before the first functions are compiled.
    banner: `process.getBuiltinModule('node:v8').setFlagsFromString('--optimize-for-size --no-opt --no-maglev --no-sparkplug');`,
  },
};

const bundle = async (name, outfile) => {
  const { plugins, banner } = entries[name];
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [`cmd/${name}/main.ts`],
    outfile,
    allowOverwrite: true,
    metafile: true,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    // pg looks for it and does without.
    external: ['pg-native'],
    // Names stay: logs tell those of errors and of the functions in their frames.
    minifySyntax: true,
    minifyWhitespace: true,
    sourcemap: true,
    sourcesContent: false,
    legalComments: 'none',
    logLevel: 'warning',
    plugins: [lazyBuiltins, ...plugins],
    banner: {
      js: [
        // What came from CommonJS asks for Node's own modules by `require`.
        "import { createRequire } from 'node:module';",
        'const require = createRequire(import.meta.url);',
        banner,
      ].join('\n'),
    },
  });
  await writeFile(join(dirname(outfile), 'licenses.txt'), await licensesOf(root, metafile));
};

const [, , name = '', output] = process.argv;
if (!Object.hasOwn(entries, name) || output === undefined) {
  process.stderr.write(`usage: node cmd/bundle.mjs ${Object.keys(entries).join('|')} OUTPUT\n`);
  process.exit(2);
}
await bundle(name, resolve(output));
