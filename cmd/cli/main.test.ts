/** The program from outside: what it prints where, and its exit codes. */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { commands } from './commands.ts';

const program = join(import.meta.dirname, 'cxone-actions.mjs');
const example = join(import.meta.dirname, '../../deploy/examples/quickstart.yaml');
const run = (...args: readonly string[]) => {
  const { stdout, stderr, status } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', input: '' });
  return { stdout, stderr, status };
};

test('--version prints the version of the package', () => {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'));
  assert.equal(run('--version'), { stdout: `${version}\n`, stderr: '', status: 0 });
});

test('--help lists every command; without a command the same is an error', () => {
  const { stdout, status } = run('--help');
  assert.is(status, 0);
  for (const [name, { summary }] of Object.entries(commands)) {
    assert.match(stdout, `  ${name}`);
    assert.match(stdout, summary);
  }
  assert.equal(run(), { stdout: '', stderr: stdout, status: 2 });
});

test('who reads no further changes nothing of how it ends, and sees no stack', async () => {
  for (const [args, code] of [
    [['--help'], 0],
    [['openapi', '-f', example, '-t', 'acme'], 0],
    [['validate', '-f', program], 1],
  ] as const) {
    const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    const ended = new Promise((resolve) => child.once('exit', resolve));
    assert.equal([await text(child.stderr), await ended], ['', code], args.join(' '));
  }
});

test('standard input is for one flag: another one would find nothing there, and sign that', () => {
  const manifests = readFileSync(example, 'utf8');
  const { stdout, stderr, status } = spawnSync(process.execPath, [program, 'sign', '-t', 'acme', '-f', '-'], {
    encoding: 'utf8',
    input: manifests,
  });
  const told = 'cxone-actions: --body: only one flag can read standard input\n';
  assert.equal([status, stdout, stderr], [2, '', told]);
});

test('--help of a command, wherever it stands', () => {
  const help = commands.send?.help('send');
  assert.equal(run('send', '--help'), { stdout: help, stderr: '', status: 0 });
  assert.equal(run('send', '--url', 'x', '-h'), { stdout: help, stderr: '', status: 0 });
});

const wrong: readonly (readonly [readonly string[], string])[] = [
  [['a-secret'], 'there is no command of this name; --help lists them'],
  [['__proto__'], 'there is no command of this name; --help lists them'],
  [['sign', '--nobody'], '--nobody: no such flag'],
  [['sign'], 'exactly one of --manifests and --secret-file is required'],
  [['send', '--url', 'a-secret'], '--url: expected http://… or https://…'],
  [['send', '--url', 'http://a:secret@127.0.0.1:9'], '--url: expected a URL without user and password'],
  [['openapi', '--server', 'http://a:secret@127.0.0.1:9'], '--server: expected a URL without user and password'],
  [
    ['send', '--url', 'http://127.0.0.1:9', '--idempotency-key', 'a secret'],
    '--idempotency-key: expected 1 to 255 visible ASCII characters',
  ],
  [
    ['send', '--url', 'http://127.0.0.1:9', '--secret-file', program, '--body', program, '--input', '{}'],
    '--input: not with --body, where it stands in the file',
  ],
  [
    ['simulate', '--url', 'http://127.0.0.1:9', '-t', 'a', '-s', 'nowhere.yaml'],
    '--scenario: nowhere.yaml cannot be read (ENOENT)',
  ],
  [
    ['simulate', '--url', 'http://127.0.0.1:9', '-t', 'a', '-s', import.meta.dirname],
    `--scenario: ${import.meta.dirname} cannot be read (EISDIR)`,
  ],
  [
    ['openapi', '-f', import.meta.filename],
    `--manifests ${import.meta.filename}: no valid DataActionConfig there; \`cxone-actions validate -f ${import.meta.filename}\` says more`,
  ],
  [['openapi', '-f', example], `--tenant is required: there are several in ${example}`],
  [
    ['openapi', '-f', example, '-t', 'nobody'],
    `--tenant: no valid DataActionConfig of this tenant in ${example}; \`cxone-actions validate -f ${example}\` says more`,
  ],
  [['simulate', '--url', 'http://127.0.0.1:9', '-t', 'a'], '--scenario or --action is required'],
  [
    ['schema', '--database', 'postgres://127.0.0.1:9/a', '--ca-file', program],
    '--ca-file: expected PEM with a certificate',
  ],
  [['completion', 'a-secret'], 'SHELL: expected one of bash, zsh, fish'],
];

test('wrong usage exits with 2 and names the flag on standard error, nothing else', () => {
  for (const [args, expected] of wrong) {
    assert.equal(run(...args), { stdout: '', stderr: `cxone-actions: ${expected}\n`, status: 2 }, args.join(' '));
  }
});

test('a file that is not there is wrong usage too', () => {
  const { stderr, status } = run('sign', '--secret-file', 'nowhere.key');
  assert.is(status, 2);
  assert.match(stderr, 'nowhere.key');
});

test('by npm, which runs in the project, files are named from where the user is', () => {
  const env = { ...process.env, npm_lifecycle_event: 'cxone-actions', INIT_CWD: join(example, '..') };
  const { stdout } = spawnSync(process.execPath, [program, 'validate', '-f', 'quickstart.yaml'], {
    encoding: 'utf8',
    env,
  });
  assert.is(stdout, '2 tenants: 0 problems, 0 notes\n');
});

test('a file or standard input without an end is refused', () => {
  const { stderr, status } = run('validate', '-f', '/dev/zero');
  assert.equal([stderr, status], ['cxone-actions: --manifests: /dev/zero is longer than 16777216 bytes\n', 2]);
});

test('completion prints a script', () => {
  const { stdout, status } = run('completion', 'bash');
  assert.is(status, 0);
  assert.match(stdout, 'complete -F _cxone_actions cxone-actions');
});

test.run();
