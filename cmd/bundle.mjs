/**
 * A part of `npm run build`: the controller as one file, without what it never uses of the Kubernetes client, which takes half of its memory
 * and most of its start. Usage: node cmd/bundle.mjs OUTPUT
 */
import { build } from 'esbuild';

const [, , outfile] = process.argv;

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
  // What came from CommonJS asks for Node's own modules by `require`.
  banner: { js: "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);" },
});
