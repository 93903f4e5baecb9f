import { readFile } from 'node:fs/promises';
import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decide } from './decide.ts';
import { readManifests } from './read-manifests.ts';

const secretYaml = (fields: string, name = 's') =>
  `apiVersion: v1\nkind: Secret\nmetadata:\n  name: ${name}\n${fields}\n`;
const config = (name: string) =>
  `apiVersion: dataactions.dev/v1alpha1\nkind: DataActionConfig\nmetadata: {name: ${name}}\n`;

const problemsOf = (yaml: string) => {
  const read = readManifests(yaml, 'salt');
  return read.ok ? [] : read.problems.map(({ path, expected }) => `${path}: ${expected}`);
};
const secretOf = (yaml: string, salt = 'salt') => {
  const read = readManifests(yaml, salt);
  return read.ok ? read.value.secrets.get('default/s') : undefined;
};

test('the quickstart example gives two tenants that are served', async () => {
  const yaml = await readFile(new URL('../../deploy/examples/quickstart.yaml', import.meta.url), 'utf8');
  const read = readManifests(yaml, 'salt');
  assert.ok(read.ok, JSON.stringify(read));
  if (!read.ok) return;
  const { tenants, verdicts } = decide(read.value, []);
  assert.equal(
    tenants.map(({ tenantId }) => tenantId),
    ['11ef6a32-c573-6d80-b014-0242ac110004', 'acme'],
  );
  assert.ok(verdicts.every(({ accepted, secretsResolved }) => accepted.ok && secretsResolved.ok));
  assert.equal(
    tenants[1]?.actions.slice(0, 1),
    tenants[0]?.actions,
    'the first action is the one that is there by default',
  );
});

test('documents without content are passed over', () => {
  const read = readManifests(`# only a comment\n---\n---\n${config('a')}---\n`, 'salt');
  assert.is(read.ok && read.value.configs.length, 1);
  assert.ok(readManifests('', 'salt').ok);
});

test('JSON is YAML', () => {
  const read = readManifests('{"kind":"DataActionConfig","metadata":{"name":"a"}}', 'salt');
  assert.is(read.ok && read.value.configs.length, 1);
});

test('stringData goes over data', () => {
  const secret = secretOf(secretYaml('data: {a: YQ==, b: Yg==}\nstringData: {b: other}'));
  assert.equal(
    [...(secret?.data ?? [])].map(([key, value]) => [key, Buffer.from(value).toString()]),
    [
      ['a', 'a'],
      ['b', 'other'],
    ],
  );
});

test('the version of a Secret follows its data and the salt', () => {
  const version = (fields: string, salt?: string) => secretOf(secretYaml(fields), salt)?.version;
  const base = version('stringData: {a: x, b: "y"}');
  assert.is(version('stringData: {b: "y", a: x}'), base);
  assert.is(version('data: {a: eA==, b: eQ==}'), base);
  for (const other of [version('stringData: {a: xby}'), version('stringData: {a: x, b: "y"}', 'pepper')]) {
    assert.is.not(other, base);
  }
});

test('problems name the line and show nothing of it', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['a: 1\nkind: [s3cr3t\n', 'line 3: YAML (bad indent)'],
    ['kind: Secret\nkind: Secret', 'line 2: a key that is not there already'],
    ['kind: Secret\nx: !s3cr3t y', 'line 2: no tag'],
    ['kind: Secret\nx: !!binary s3cr3t', 'line 2: no tag'],
    ['kind: Secret\nx: *s3cr3t', 'line 1: few aliases, each of an anchor before it'],
    ['kind: Secret\nx: &a {b: *a}', 'line 1: few aliases, each of an anchor before it'],
    ['---\na: 1\nkind: s3cr3t', 'line 3: kind: DataActionConfig or Secret'],
    ['- s3cr3t', 'line 1: kind: DataActionConfig or Secret'],
    [secretYaml('data:\n  a: s3cr3t!'), 'line 6: data.a: base64'],
    [secretYaml('data:\n  a: YR=='), 'line 6: data.a: base64'],
    [`${config('a')}---\n${config('a')}`, 'line 7: metadata.name: a name that no other DataActionConfig has'],
    [`${secretYaml('')}---\n${secretYaml('')}`, 'line 10: metadata.name: a name that no other Secret has'],
    ['? [s3cr3t]\n: 1', 'line 1: YAML (non string key)'],
  ];
  for (const [yaml, expected] of cases) {
    const problems = problemsOf(yaml);
    assert.is(problems[0], expected, yaml);
    assert.not.match(problems.join(), 's3cr3t');
  }
});

test('a text that grows by its aliases is refused', () => {
  const levels = ['a: &a [x,x,x,x,x,x,x,x,x,x]'];
  for (const [from, to] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg'])
    levels.push(`${to}: &${to} [${Array(10).fill(`*${from}`)}]`);
  assert.is(problemsOf(levels.join('\n'))[0], 'line 1: few aliases, each of an anchor before it');
});

test('a text one byte over the bound is refused, one at it is read', () => {
  const most = 1024 * 1024;
  assert.ok(readManifests(`#${' '.repeat(most - 1)}`, 'salt').ok);
  assert.equal(problemsOf(`#${' '.repeat(most)}`), [`line 1: at most ${most} bytes`]);
});

test('never throws, whatever the text', () => {
  const word = fc.constantFrom(
    'kind: Secret',
    'data:',
    ' - ',
    '\n',
    '---\n',
    '[',
    '{',
    '&a',
    '*a',
    '!t',
    ': ',
    '"',
    '%YAML 1.1',
    '|',
    '\t',
    '\0',
    'x',
  );
  void fc.assert(fc.property(fc.array(word, { maxLength: 30 }), (words) => void readManifests(words.join(''), 'salt')));
  void fc.assert(fc.property(fc.string({ unit: 'binary' }), (yaml) => void readManifests(yaml, 'salt')));
  assert.not(readManifests('['.repeat(100_000), 'salt').ok);
});

test.run();
