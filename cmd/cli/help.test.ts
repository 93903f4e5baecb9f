/** What `--help` promises holds: its examples are run through a real shell and parse, and the files they name are there. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ownDirectory } from '../../test/services/owned.ts';
import { testUnless } from '../../test/services/test-unless.ts';
import { commands } from './commands.ts';

const root = join(import.meta.dirname, '../..');
const home = ownDirectory('help');
const bin = join(home, 'bin');
const seen = join(home, 'seen');

/** Writes its arguments down instead of running: each ended by NUL. */
const stub = `#!/bin/sh\nprintf '%s\\0' "$@" > ${seen}\n`;

test.before(() => {
  for (const path of [bin, join(home, '.config/fish/completions')]) mkdirSync(path, { recursive: true });
  writeFileSync(join(bin, 'cxone-actions'), stub);
  chmodSync(join(bin, 'cxone-actions'), 0o755);
});

const bashMissing = spawnSync('bash', ['--version']).error ? 'no bash' : undefined;

/** What a shell makes of the line. */
const argumentsOf = (line: string): readonly string[] => {
  writeFileSync(seen, '');
  const env = { ...process.env, HOME: home, PATH: `${bin}:${process.env.PATH}` };
  const { status, stderr } = spawnSync('bash', ['-c', line], { cwd: home, env, encoding: 'utf8' });
  assert.is(status, 0, `${line}: ${stderr}`);
  return readFileSync(seen, 'utf8').split('\0').slice(0, -1);
};

for (const [name, command] of Object.entries(commands)) {
  testUnless(bashMissing)(`every example of ${name} is one that ${name} takes`, () => {
    assert.ok(command.examples.length > 0);
    for (const example of command.examples) {
      const [given, ...args] = argumentsOf(example);
      assert.is(given, name, example);
      command.check(args);
      for (const file of args.filter((arg) => arg.startsWith('deploy/'))) assert.ok(existsSync(join(root, file)), file);
    }
  });

  test(`the help of ${name} names every flag, and shows the examples`, () => {
    const help = command.help(name);
    assert.match(help, `Usage: cxone-actions ${name}`);
    for (const [flag, { help: text }] of Object.entries(command.flags)) {
      assert.match(help, `--${flag}`);
      assert.ok(text.length > 0, flag);
    }
    for (const example of command.examples) assert.match(help, example);
  });

  test(`no two flags of ${name} have one letter, and its usage names only flags that it has`, () => {
    const letters = Object.values(command.flags).flatMap(({ short }) => short ?? []);
    assert.equal(letters, [...new Set(letters)]);
    for (const [, flag = ''] of command.usage.matchAll(/--([a-z-]+)/g)) {
      assert.ok(Object.hasOwn(command.flags, flag), flag);
    }
  });
}

test.run();
