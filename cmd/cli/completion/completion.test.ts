/** Completion in the shells themselves: bash always, zsh and fish where they are installed. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ownDirectory } from '../../../test/services/owned.ts';
import { testUnless } from '../../../test/services/test-unless.ts';
import { commands } from '../commands.ts';
import { bashScript } from './bash-script.ts';
import { fishScript } from './fish-script.ts';
import { zshScript } from './zsh-script.ts';

const folder = ownDirectory('completion');
const scripts = { bash: bashScript(commands), zsh: zshScript(commands), fish: fishScript(commands) };
const fileOf = (shell: string) => join(folder, `script.${shell}`);

test.before(() => {
  for (const [shell, text] of Object.entries(scripts)) writeFileSync(fileOf(shell), text);
  for (const name of ['body one.json', 'body two.json']) writeFileSync(join(folder, name), '');
});

const run = (shell: string, args: readonly string[]): string => {
  const { status, stdout, stderr } = spawnSync(shell, [...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, HOME: folder },
  });
  assert.is(status, 0, stderr);
  assert.is(stderr, '');
  return stdout;
};
/** Only bash is everywhere: the others are no part of what a machine needs to build this. */
const has = (shell: string): boolean => spawnSync(shell, ['--version']).error === undefined;
const bashMissing = has('bash') ? undefined : 'no bash';

/** @param words  as bash splits the line, the last one being typed */
const inBash = (...words: readonly string[]): readonly string[] => {
  const line = ['cxone-actions', ...words].map((word) => `'${word}'`).join(' ');
  const stdout = run('bash', [
    '--norc',
    '-c',
    `source ${fileOf('bash')}; COMP_WORDS=(${line}); COMP_CWORD=${words.length}; _cxone_actions; printf '%s\\n' "\${COMPREPLY[@]}"`,
  ]);
  return stdout.split('\n').filter((word) => word !== '');
};

testUnless(bashMissing)('bash: commands', () => {
  assert.equal(inBash('s'), ['sign', 'send', 'simulate', 'schema']);
  assert.equal(inBash(''), [...Object.keys(commands), '--help', '--version']);
});

testUnless(bashMissing)('bash: every flag of every command', () => {
  for (const [name, { flags }] of Object.entries(commands)) {
    assert.equal(inBash(name, '--'), [...Object.keys(flags).map((flag) => `--${flag}`), '--help']);
  }
});

testUnless(bashMissing)('bash: values of a closed list, with a space, with =, and several', () => {
  assert.equal(inBash('sign', '--encoding', ''), ['Hex', 'Base64']);
  assert.equal(inBash('sign', '--encoding', 'B'), ['Base64']);
  assert.equal(inBash('sign', '--encoding', '='), ['Hex', 'Base64']);
  assert.equal(inBash('sign', '--encoding', '=', 'H'), ['Hex']);
  assert.equal(inBash('simulate', '--repeat-on', 'n'), ['network']);
  assert.equal(inBash('simulate', '--repeat-on', 'network,t'), ['network,timeout']);
  assert.equal(inBash('completion', 'z'), ['zsh']);
});

testUnless(bashMissing)('bash: files for a flag that names one, by its letter too; nothing for a free value', () => {
  assert.equal(inBash('send', '--body', 'body').toSorted(), ['body one.json', 'body two.json']);
  assert.equal(inBash('send', '-f', 'script.b'), ['script.bash']);
  assert.equal(inBash('send', '--url', ''), []);
  assert.equal(inBash('mock', '-f', 'x.yaml', 'find', '=', 'script.b'), ['script.bash']);
});

testUnless(bashMissing)('bash: it is registered for the program', () => {
  const told = run('bash', ['--norc', '-c', `source ${fileOf('bash')}; complete -p cxone-actions`]);
  assert.is(told, 'complete -F _cxone_actions cxone-actions\n');
});

test('zsh and fish know every command and every flag', () => {
  for (const [name, { flags, summary }] of Object.entries(commands)) {
    assert.match(scripts.zsh, `'${name}:${summary}'`);
    assert.match(scripts.fish, `-a ${name} -d '${summary}'`);
    for (const flag of Object.keys(flags)) {
      assert.match(scripts.zsh, `--${flag}`);
      assert.match(scripts.fish, `'__fish_seen_subcommand_from ${name}' -l ${flag} `);
    }
  }
});

if (has('zsh')) {
  test('zsh: the script parses and registers itself', () => {
    run('zsh', ['-n', fileOf('zsh')]);
    const dump = join(folder, 'zcompdump');
    const line = `autoload -U compinit; compinit -u -d ${dump}; source ${fileOf('zsh')}; print $_comps[cxone-actions]`;
    assert.is(run('zsh', ['-f', '-c', line]), '_cxone_actions\n');
  });
}

if (has('fish')) {
  const inFish = (line: string): readonly string[] =>
    run('fish', ['--no-config', '-c', `source ${fileOf('fish')}; complete -C '${line}'`])
      .split('\n')
      .filter((found) => found !== '')
      .map((found) => found.split('\t', 1).join());

  test('fish: commands, flags and values', () => {
    run('fish', ['--no-execute', fileOf('fish')]);
    assert.equal(inFish('cxone-actions ').toSorted(), Object.keys(commands).toSorted());
    assert.equal(inFish('cxone-actions send --inc'), ['--include']);
    assert.equal(inFish('cxone-actions sign --encoding ').toSorted(), ['Base64', 'Hex']);
    assert.equal(inFish('cxone-actions completion z'), ['zsh']);
  });
}

test.run();
