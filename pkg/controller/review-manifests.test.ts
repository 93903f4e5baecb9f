import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { gatherManifests } from './gather-manifests.ts';
import { parseManifestFile } from './manifest-file.ts';
import { reviewManifests } from './review-manifests.ts';

const review = (files: Readonly<Record<string, string>>) =>
  reviewManifests(
    gatherManifests(
      Object.entries(files).map(([file, yaml]) => ({ file, ...parseManifestFile(yaml) })),
      'salt',
    ),
  );

/** `line: path: expected`, notes with a mark. */
const remarksOn = (yaml: string): readonly string[] =>
  review({ f: yaml })
    .remarks.toSorted((a, b) => a.line - b.line)
    .map(({ line, path, expected, severity }) => `${severity === 'note' ? 'note ' : ''}${line}: ${path}: ${expected}`);

const secret = `apiVersion: v1
kind: Secret
metadata: {name: keys}
stringData: {webhook: 0123456789abcdef}
`;
const config = (spec: string, name = 'acme') => `apiVersion: dataactions.dev/v1alpha1
kind: DataActionConfig
metadata: {name: ${name}}
spec:
${spec}`;
const webhook = `  webhook:
    secretRefs:
      - {name: keys, key: webhook}
`;
const good = (name = 'acme') => config(`  tenantId: ${name}\n${webhook}`, name);
const action = `  actions:
    - name: find
      input:
        - name: ids
          type: UUID
          list: true
      lookup:
        statement: SELECT 1 FROM t WHERE a = $1 AND b = ANY($2)
        parameters:
          - tenant_id
          - ids
        keys: ids
        keyColumn: id
        output: rows
`;
const withAction = (change: (text: string) => string) => config(`  tenantId: acme\n${webhook}${change(action)}`);

test('what is no YAML is said once a line, however many errors the parser makes of it', () => {
  assert.equal(remarksOn('a: [1\nb'), ['2: : YAML (bad indent)']);
  assert.equal(remarksOn('['.repeat(100)), ['1: : YAML (bad indent)']);
});

test('a List is the objects in it, each on its own lines', () => {
  const items = [secret, good(), config('  tenantId: acme\n  nobody: 1\n', 'second'), 'kind: List\nitems: []\n'].map(
    (yaml) => yaml.replace(/^/gm, '    ').replace('    ', '  - ').trimEnd(),
  );
  assert.equal(remarksOn(`apiVersion: v1\nkind: List\nitems:\n${items.join('\n')}\n`), [
    '19: spec.webhook: required',
    '21: spec.nobody: no such field',
    'note 22: kind: DataActionConfig or Secret',
  ]);
  assert.equal(remarksOn('kind: List\n'), ['note 1: kind: DataActionConfig or Secret']);
});

test('good manifests leave nothing to say and give their tenants', () => {
  const { remarks, tenants } = review({
    a: secret,
    b: good(),
    c: withAction((text) => text).replace(/acme/g, 'globex'),
  });
  assert.equal(remarks, []);
  assert.equal(
    tenants.map(({ tenant, config: { file } }) => [tenant.tenantId, file]),
    [
      ['acme', 'b'],
      ['globex', 'c'],
    ],
  );
});

/** Each is told with the line of the deepest part of its path that is there. */
const broken: Readonly<Record<string, readonly [string, readonly string[]]>> = {
  'no YAML': ['kind: Secret\nx: [\n', ['3: : YAML (bad indent)']],
  'a key twice': ['kind: Secret\nkind: Secret', ['2: : a key that is not there already']],
  'a missing field': [`${secret}---\n${config(webhook)}`, ['9: spec.tenantId: required']],
  'a value of the wrong kind': [
    `${secret}---\n${config(`  tenantId: acme\n  suspend: maybe\n${webhook}`)}`,
    ['11: spec.suspend: true or false'],
  ],
  'a block of the wrong kind, where it begins': [
    `${secret}---\n${config(`  tenantId: acme\n  limits:\n    - 1\n${webhook}`)}`,
    ['11: spec.limits: an object'],
  ],
  'an unknown field': [
    `${secret}---\n${good().replace('tenantId', 'x: 1\n  tenantId')}`,
    ['10: spec.x: no such field'],
  ],
  'several in one object, deep down': [
    `${secret}---\n${withAction((text) => text.replace('type: UUID', 'type: Uuid').replace('output: rows', 'output: count'))}`,
    [
      '18: spec.actions[0].input[0].type: one of UUID, String, Integer, Number, Boolean, Timestamp',
      '27: spec.actions[0].lookup.output: a name other than count, missing, more, tooLarge, stale',
    ],
  ],
  'a rule between parts': [
    `${secret}---\n${withAction((text) => text.replace('          - ids\n', ''))}`,
    [
      '21: spec.actions[0].lookup.statement: as many placeholders as there are parameters',
      '24: spec.actions[0].lookup.keys: one of the parameters',
    ],
  ],
  'a missing field of an item': [
    `${secret}---\n${withAction((text) => text.replace('        keyColumn: id\n', ''))}`,
    ['20: spec.actions[0].lookup.keyColumn: required'],
  ],
  'what stands behind an anchor': [
    `${secret}---\n${config(`  tenantId: acme\n  limits: &l\n    burst: x\n${webhook}`)}`,
    ['12: spec.limits.burst: a whole number from 1 to 100000'],
  ],
  'an object without a usable name': [
    `${secret}---\n${good().replace('{name: acme}', '{name: A_B}')}`,
    ['8: metadata.name: the name of a Kubernetes object'],
  ],
  'a name twice': [
    `${secret}---\n${good()}---\n${good()}`,
    ['17: metadata.name: a name that no other DataActionConfig has'],
  ],
  'a tenant twice': [
    `${secret}---\n${good()}---\n${good().replace('{name: acme}', '{name: b}')}`,
    ['19: spec.tenantId: a tenant that no older object has, as acme does'],
  ],
  'a Secret that is there and too short': [
    `${secret.replace('0123456789abcdef', 'short')}---\n${good()}`,
    ['13: spec.webhook.secretRefs[0]: a value of 16 to 4096 bytes'],
  ],
  'a Secret that is there without the key': [
    `${secret.replace('webhook:', 'other:')}---\n${good()}`,
    ['13: spec.webhook.secretRefs[0]: a key that the Secret has'],
  ],
  'a Secret that nobody has': [good(), ['note 8: spec.webhook.secretRefs[0]: a Secret of this namespace']],
  'a Secret of another namespace': [
    `${secret.replace('{name: keys}', '{name: keys, namespace: other}')}---\n${good()}`,
    ['note 13: spec.webhook.secretRefs[0]: a Secret of this namespace'],
  ],
  'a Secret that cannot be read': [
    `${secret.replace('stringData: {webhook: 0123456789abcdef}', 'data: {webhook: "?"}')}---\n${good()}`,
    ['4: data.webhook: base64', 'note 13: spec.webhook.secretRefs[0]: a Secret of this namespace'],
  ],
  'credentials that nobody has': [
    `${secret}---\n${good()}  cxone:\n    secretRef: {name: none}\n`,
    ['note 15: spec.cxone.secretRef (client-id): a Secret of this namespace'],
  ],
  'credentials that lack a part': [
    `${secret}---\n${good()}  cxone:\n    secretRef: {name: keys}\n`,
    ['15: spec.cxone.secretRef (client-id): a key that the Secret has'],
  ],
  'an invalid object whose Secret nobody has': [
    good().replace('tenantId: acme', 'tenantId: -x'),
    [
      '5: spec.tenantId: a tenant id: 1 to 63 letters, digits, ".", "_" and "-", beginning with a letter or digit',
      'note 8: spec.webhook.secretRefs[0]: a Secret of this namespace',
    ],
  ],
  'an object of another kind': [
    `apiVersion: v1\nkind: ConfigMap\n---\n${secret}`,
    ['note 2: kind: DataActionConfig or Secret'],
  ],
};

for (const [title, [yaml, expected]] of Object.entries(broken)) {
  test(`${title}: the line of what is wrong`, () => assert.equal(remarksOn(yaml), expected));
}

test('only optional keys, and none of them there: a note while their Secret may still come', () => {
  const optional = good().replace('key: webhook}', 'key: webhook, optional: true}');
  assert.equal(remarksOn(optional), ['note 7: spec.webhook.secretRefs: at least one key that is there']);
  assert.equal(remarksOn(`${secret.replace('webhook:', 'other:')}---\n${optional}`), [
    '12: spec.webhook.secretRefs: at least one key that is there',
  ]);
});

test('a tenant whose Secret nobody has is handed on with keys that any scheme takes', () => {
  const { tenants } = review({ f: good() });
  const [key = ''] = tenants[0]?.tenant.webhook.keys ?? [];
  assert.match(Buffer.from(key, 'base64').toString(), /^[A-Za-z0-9+/]{32}$/);
});

test('objects and Secrets may stand in different files; names are compared over all of them', () => {
  const { remarks } = review({ 'a.yaml': good(), 'b.yaml': secret, 'c.yaml': `\n\n${good()}`, 'd.yaml': secret });
  assert.equal(
    remarks.map(({ file, line, path }) => `${file}:${line}: ${path}`),
    ['c.yaml:5: metadata.name', 'd.yaml:3: metadata.name'],
  );
});

test('remarks show nothing of what stands there', () => {
  const canary = 's3cr3t-c4n4ry';
  const yaml = [
    secret.replace('0123456789abcdef', canary),
    good().replace('acme\n', `"${canary} "\n`),
    withAction((text) => text.replaceAll('ids', canary).replace('SELECT 1', `SELECT ${canary}`)).replace(
      '{name: acme}',
      '{name: b}',
    ),
    `x: ${canary}`,
    `kind: !${canary} x`,
  ].join('---\n');
  const { remarks } = review({ f: yaml });
  assert.ok(remarks.length > 4);
  assert.not.match(JSON.stringify(remarks), canary);
});

test.run();
