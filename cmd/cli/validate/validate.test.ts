/** The program as a shell runs it: exit codes, and what stands where. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Command } from '../command.ts';
import { UsageError } from '../flag.ts';
import { openapi } from '../openapi.ts';
import { validate } from './validate.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'validate-'));
test.after(() => rmSync(folder, { recursive: true }));

const run = (args: readonly string[], input = '') => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'cmd/launch.mjs'), 'cli', ...args], {
    cwd: folder,
    input,
    encoding: 'utf8',
    env: { PATH: process.env.PATH },
  });
  return { status, stdout, stderr };
};
const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return name;
};

const example = join(root, 'deploy/examples/quickstart.yaml');
const object = (spec: string) =>
  `apiVersion: dataactions.dev/v1alpha1\nkind: DataActionConfig\nmetadata: {name: acme}\nspec:\n${spec}`;
const refs = '  webhook: {secretRefs: [{name: s, key: k}]}\n';
const noSecret = write('no-secret.yaml', object(`  tenantId: acme\n${refs}`));
const broken = write('broken.yaml', object(`${refs}  suspend: 1\n  x%,y: 1\n`));

test('0: nothing is wrong', () => {
  const { status, stdout, stderr } = run(['validate', '-f', example]);
  assert.equal([status, stdout, stderr], [0, '2 tenants: 0 problems, 0 notes\n', '']);
});

test('a note when there is nothing to judge: a wrong glob is no clean bill', () => {
  const empty = write('empty.yaml', '# nothing\n');
  const { status, stdout } = run(['validate', '-f', empty]);
  const note = 'empty.yaml:1: note: expected at least one DataActionConfig\n';
  assert.equal([status, stdout], [0, `${note}0 tenants: 0 problems, 1 note\n`]);
  assert.is(run(['validate', '-f', empty, '--strict']).status, 1);
});

test('what is not UTF-8 is no clean bill either', () => {
  const yaml = readFileSync(example, 'utf8');
  const files = {
    'utf16.yaml': Buffer.from(`\ufeff${yaml}`, 'utf16le'),
    'utf16-without-mark.yaml': Buffer.from(yaml, 'utf16le'),
    'latin1.yaml': Buffer.from(`# caf\xe9\n${yaml}`, 'latin1'),
  };
  for (const [name, bytes] of Object.entries(files)) {
    writeFileSync(join(folder, name), bytes);
    const { status, stdout } = run(['validate', '-f', name]);
    assert.equal([status, stdout], [1, `${name}:1: expected text in UTF-8\n0 tenants: 1 problem, 0 notes\n`]);
    const sent = run(['sign', '-t', 'acme', '-f', name]);
    assert.equal(
      [sent.status, sent.stderr],
      [2, `cxone-actions: --manifests ${name}: line 1: expected text in UTF-8\n`],
    );
  }
  assert.is(run(['validate', '-f', write('mark.yaml', `\ufeff${yaml}`)]).status, 0);
});

test('0 with notes, 1 when they count', () => {
  const note = 'no-secret.yaml:6: note: spec.webhook.secretRefs[0]: expected a Secret of this namespace\n';
  assert.equal(run(['validate', '-f', noSecret]), {
    status: 0,
    stdout: `${note}1 tenant: 0 problems, 1 note\n`,
    stderr: '',
  });
  assert.is(run(['validate', '-f', noSecret, '--strict']).status, 1);
});

test('1: problems in the order of files and lines, each with its place', () => {
  const { status, stdout } = run(['validate', '-f', noSecret, broken]);
  assert.is(status, 1);
  assert.equal(stdout.split('\n'), [
    'broken.yaml:3: metadata.name: expected a name that no other DataActionConfig has',
    'no-secret.yaml:6: note: spec.webhook.secretRefs[0]: expected a Secret of this namespace',
    '1 tenant: 1 problem, 1 note',
    '',
  ]);
});

test('an action that its tenant cannot run, and a Secret that its scheme cannot use, are said with their lines', () => {
  const call = '  actions:\n    - name: a\n      cxone: {method: GET, path: /a, output: b}\n';
  const homeless = run(['validate', '-f', write('cxone.yaml', object(`  tenantId: acme\n${refs}${call}`))]);
  assert.is(homeless.stdout.split('\n')[0], 'cxone.yaml:4: spec.cxone: required by an action of kind cxone');
  const standard = refs.replace('{', '{scheme: StandardWebhooks, ');
  const secret = 'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {k: a secret of the field}\n---\n';
  const unusable = run(['validate', '-f', write('unusable.yaml', secret + object(`  tenantId: acme\n${standard}`))]);
  assert.is(unusable.status, 1);
  assert.match(unusable.stdout, /^unusable\.yaml:11: spec\.webhook\.secretRefs\[0\]: expected whsec_ and base64/);
  assert.not.match(unusable.stdout, 'of the field');
});

test('standard input is a file too, and may stand beside others', () => {
  const secret = 'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {k: 0123456789abcdef}\n';
  const { status, stdout } = run(['validate', '-f', noSecret, '-'], secret);
  assert.equal([status, stdout], [0, '1 tenant: 0 problems, 0 notes\n']);
  // Not that there is no DataActionConfig as well: nobody knows.
  assert.is(
    run(['validate', '-f', '-'], 'a:\n\tb: c').stdout,
    '-:2: expected YAML (tab as indent)\n0 tenants: 1 problem, 0 notes\n',
  );
});

test('--json: one object for programs', () => {
  const { status, stdout } = run(['validate', '-f', broken, '--json']);
  const { ok, tenants, remarks } = JSON.parse(stdout);
  assert.equal([status, ok, tenants], [1, false, 0]);
  assert.equal(remarks[0], {
    file: 'broken.yaml',
    line: 4,
    path: 'spec.tenantId',
    expected: 'required',
    severity: 'problem',
  });
});

test('--github: annotations, with what its syntax needs escaped', () => {
  const { stdout } = run(['validate', '-f', broken, '--github']);
  assert.equal(
    stdout.split('\n').slice(0, 4),
    [
      '::error file=broken.yaml,line=4::spec.tenantId: required',
      '::notice file=broken.yaml,line=5::spec.webhook.secretRefs[0]: expected a Secret of this namespace',
      '::error file=broken.yaml,line=6::spec.suspend: expected true or false',
      '::error file=broken.yaml,line=4::spec.x??y: no such field',
    ].toSorted((a, b) => Number(/line=(\d)/.exec(a)?.[1]) - Number(/line=(\d)/.exec(b)?.[1])),
  );
});

test('2: a file that is not there, a database that cannot be asked; never with its password', () => {
  for (const args of [
    ['validate', '-f', 'absent.yaml'],
    ['validate', '-f', example, '--database', 'postgres://someone:s3cr3t@127.0.0.1:1/none'],
  ]) {
    const { status, stdout, stderr } = run(args);
    assert.equal([status, stdout], [2, ''], args.join(' '));
    assert.match(stderr, /^cxone-actions: .+\n$/);
    assert.not.match(stderr, 's3cr3t');
  }
});

test('wrong usage names the flag and never what was given', async () => {
  const cases: readonly (readonly [Command, readonly string[], RegExp])[] = [
    [validate, [], /^-f FILE is required$/],
    [validate, ['-f', example, '--json', '--github'], /^--json and --github/],
    [validate, ['-f', example, '--database', 'mysql://someone:s3cr3t@127.0.0.1'], /^--database: expected postgres/],
    [openapi, ['-t', 'acme'], /^--manifests is required$/],
    [openapi, ['-f', example], /^--tenant is required/],
    [openapi, ['-f', example, '-t', 's3cr3t'], /^--tenant: no valid DataActionConfig/],
    [openapi, ['-f', example, '-t', 'acme', '--server', 's3cr3t'], /^--server: expected http/],
  ];
  for (const [command, args, expected] of cases) {
    const error = await command.run(args).catch((thrown: unknown) => thrown);
    assert.instance(error, UsageError);
    assert.match(String(error).replace('UsageError: ', ''), expected);
  }
});

test('openapi prints one tenant, as JSON and as YAML, without its Secret', () => {
  const json = run(['openapi', '-f', noSecret, '--server', 'https://actions.example.com/']);
  const document = JSON.parse(json.stdout);
  assert.equal([json.status, document.openapi, document.info.title], [0, '3.1.0', 'Data actions of acme']);
  assert.equal(document.servers, [{ url: 'https://actions.example.com' }]);
  const yaml = run(['openapi', '-f', example, '-t', 'acme', '--yaml']);
  assert.match(yaml.stdout, 'openapi: 3.1.0\n');
  assert.not.match(yaml.stdout, 'for-demonstration-only');
});

test.run();
