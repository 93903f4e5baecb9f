import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const tree = mkdtempSync(join(tmpdir(), 'launch-'));
const launch = (args: readonly string[], nodeArgs: readonly string[] = [], file = join(tree, 'launch.mjs')) =>
  spawnSync(process.execPath, [...nodeArgs, file, ...args], { encoding: 'utf8' });

test.before(() => {
  for (const name of ['launch.mjs', 'require-node.mjs']) cpSync(join(import.meta.dirname, name), join(tree, name));
  writeFileSync(join(tree, 'package.json'), '{"type":"module"}');
  for (const name of ['source/main.ts', 'built/main.js']) {
    mkdirSync(join(tree, name, '..'));
    writeFileSync(join(tree, name), 'process.stdout.write(JSON.stringify(process.argv.slice(1)));');
  }
});
test.after(() => rmSync(tree, { recursive: true }));

test('runs main.ts of the source tree with the remaining arguments', () => {
  const { stdout, status } = launch(['source', '--a', 'b']);
  assert.equal(JSON.parse(stdout), [join(tree, 'source/main.ts'), '--a', 'b']);
  assert.is(status, 0);
});

test('runs main.js of a build', () => {
  assert.equal(JSON.parse(launch(['built']).stdout), [join(tree, 'built/main.js')]);
});

test('refuses an entry that is not there or not a plain name', () => {
  for (const args of [[], ['nobody'], ['../source'], ['source/main']]) {
    const { stderr, status } = launch(args);
    assert.is(status, 2);
    assert.match(stderr, /^usage: .*\n$/);
  }
});

test('an older Node is told in one sentence what is needed, what was found and what brings it', () => {
  const older = `data:text/javascript,Object.defineProperty(process.versions,'node',{value:'20.20.2'})`;
  const { stdout, stderr, status } = launch(['source'], ['--import', older]);
  assert.is(stdout, '');
  assert.is(status, 2);
  assert.match(stderr, /^This needs Node 24 or newer and found 20\.20\.2: run `npm ci`[^\n]*\n$/);
});

test.run();
