/**
 * Links of the papers lead somewhere: to a file that is there, and to a heading it has.
 */
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const root = join(import.meta.dirname, '../..');
const papers = ['*.md', 'docs/**/*.md', 'charts/*/*.md'].flatMap((pattern) => globSync(pattern, { cwd: root }));

/** As GitHub makes them of headings. */
const anchorsOf = (markdown: string): ReadonlySet<string> =>
  new Set(
    [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );

const withoutCode = (markdown: string): string => markdown.replace(/^```.*?^```$/gms, '');

/** What is wrong with the links of one paper. */
const brokenLinks = (path: string, markdown: string): readonly string[] =>
  [...withoutCode(markdown).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = '']) => {
    if (/^(?:https?|mailto):/.test(link)) return [];
    const [file = '', anchor] = link.split('#');
    const target = file === '' ? join(root, path) : join(root, dirname(path), file);
    if (!existsSync(target)) return [`${path}: ${link}: no such file`];
    if (relative(root, target).startsWith('..')) return [`${path}: ${link}: outside`];
    if (anchor === undefined || statSync(target).isDirectory()) return [];
    return anchorsOf(readFileSync(target, 'utf8')).has(anchor) ? [] : [`${path}: ${link}: no such heading`];
  });

test('every link leads to a file and a heading that are there', () => {
  assert.ok(papers.length > 3);
  assert.equal(
    papers.flatMap((path) => brokenLinks(path, readFileSync(join(root, path), 'utf8'))),
    [],
  );
});

test('a link that leads nowhere is found', () => {
  assert.equal(brokenLinks('README.md', '[a](nowhere.md) [b](#nowhere) [c](README.md) [d](https://example.com)'), [
    'README.md: nowhere.md: no such file',
    'README.md: #nowhere: no such heading',
  ]);
  assert.equal(brokenLinks('README.md', '[a](#run-it-in-a-minute)\n```\n[b](nowhere.md)\n```\n'), []);
});

test.run();
