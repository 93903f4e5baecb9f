/**
 * ARCHITECTURE.md is a map that can be read: short, in lines of a screen's width, true of folders and packages. The decisions beside it have a day
 * each, and both name files that are there.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ranks } from './imports.ts';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const papers = ['ARCHITECTURE.md', 'docs/decisions.md'].map((path) => ({ path, text: read(path) }));
const map = read('ARCHITECTURE.md');

const linesMax = 300;
const charactersMax = 120;

/** Rows of tables cannot be wrapped. */
const tooLong = (text: string): readonly string[] =>
  text.split('\n').filter((line) => !line.startsWith('|') && [...line].length > charactersMax);

/** Sources that a text names between backquotes, by a path or its end, and that are not there. */
const missingFiles = (text: string, files: readonly string[]): readonly string[] =>
  [...text.matchAll(/`([\w./-]+\.(?:ts|mjs))`/g)]
    .map(([, name = '']) => name)
    .filter((name) => !files.some((file) => `/${file}`.endsWith(`/${name}`)));

/** Decisions that do not begin with the day. */
const undated = (text: string): readonly string[] =>
  text
    .split(/^### /m)
    .slice(1)
    .filter((decision) => !/^.+\n\n\d{4}-\d{2}-\d{2}\. /.test(decision))
    .map((decision) => decision.split('\n')[0] ?? '');

const ranksTold = (text: string): Readonly<Record<string, number>> =>
  Object.fromEntries(
    [...text.matchAll(/^\| `([\w/-]+)` \| ([\d.]+) \|/gm)].map(([, folder = '', rank]) => [folder, Number(rank)]),
  );

test('the map is short', () => assert.ok(map.split('\n').length <= linesMax));

test('lines fit a screen', () => {
  for (const { path, text } of papers) assert.equal(tooLong(text), [], path);
  assert.is(tooLong(`| ${'a'.repeat(200)}\n${'─'.repeat(charactersMax)}\n${'a'.repeat(charactersMax + 1)}`).length, 1);
});

test('files that are named are there', () => {
  const files = globSync('{cmd,pkg,test}/**/*.{ts,mjs}', { cwd: root });
  for (const { path, text } of papers) assert.equal(missingFiles(text, files), [], path);
  assert.equal(missingFiles('`a.ts` `b/a.ts` `c.ts` `ba.mjs`', ['x/b/a.ts', 'c/cc.ts']), ['c.ts', 'ba.mjs']);
});

test('the code map has every folder with its rank', () => {
  assert.equal(ranksTold('| `a/b` | 0.5 | it |\n| `c` | | it |\n'), { 'a/b': 0.5 });
  const told = ranksTold(map);
  assert.equal(Object.fromEntries(Object.entries(told).filter(([folder]) => folder.startsWith('pkg/'))), ranks);
});

test('every dependency has its reason', () => {
  const { dependencies, devDependencies }: Record<string, Record<string, string>> = JSON.parse(read('package.json'));
  const reasons = map.split('\n## ').find((part) => part.startsWith('Dependencies')) ?? '';
  const told = [...reasons.matchAll(/^\| ([^|`]+?) \|/gm)].flatMap(([, names = '']) => names.split(', '));
  const known = Object.keys({ ...dependencies, ...devDependencies });
  assert.equal(told.filter((name) => !['package', 'for development'].includes(name)).toSorted(), known.toSorted());
});

test('every decision has its day', () => {
  for (const { path, text } of papers.slice(1)) assert.equal(undated(text), [], path);
  assert.equal(undated('## A\n\n### B\n\n2026-11-24. So.\n\n### C\n\nSo.\n'), ['C']);
});

test.run();
