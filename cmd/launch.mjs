/**
 * The first file Node reads: `node cmd/launch.mjs ENTRY [args]` runs cmd/ENTRY/main. Plain old JavaScript on purpose, so that
 * an old Node gives one clear sentence here instead of a syntax error somewhere inside. Decides nothing else.
 */
import { existsSync } from 'node:fs';
import './require-node.mjs';

const refuse = (sentence) => {
  process.stderr.write(`${sentence}\n`);
  process.exit(2);
};

const entry = process.argv[2] || '';
const main = ['main.ts', 'main.js']
  .map((name) => new URL(`./${entry}/${name}`, import.meta.url))
  .find((url) => /^[a-z]+$/.test(entry) && existsSync(url));

if (main === undefined) {
  refuse(`usage: node cmd/launch.mjs ENTRY [args], where cmd/ENTRY holds a main file; found none for "${entry}".`);
} else {
  process.argv.splice(1, 2, main.pathname);
  await import(main.href);
}
