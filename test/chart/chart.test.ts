/** The chart against what it has to agree with: the CRD, the Roles, the settings of the code, the package, and its own papers. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { controllerSettings } from '../../pkg/process/controller-settings.ts';
import { handlerSettings } from '../../pkg/process/settings.ts';
import {
  at,
  chartFolder,
  helm,
  listAt,
  type Manifest,
  readManifests,
  render,
  renderArguments,
  renderText,
  theOnly,
  whyNoHelm,
} from '../services/helm.ts';
import { crdFile } from '../services/kube-crd.ts';
import { testUnless } from '../services/test-unless.ts';
import { containerNamed, environmentOf } from './containers.ts';
import { madeFiles } from './made-files.ts';
import { readValueRows } from './value-table.ts';

const testWithHelm = testUnless(whyNoHelm());
const ciFiles = readdirSync(join(chartFolder, 'ci'));
const read = (name: string): string => readFileSync(join(chartFolder, name), 'utf8');
const schema: unknown = JSON.parse(read('values.schema.json'));
const values: unknown = parse(read('values.yaml'));

testWithHelm('helm lint --strict has nothing to say of any values', () => {
  for (const file of [[], ...ciFiles.map((name) => [name])]) {
    const [, ...args] = renderArguments({ files: file });
    const { code, stdout } = helm(['lint', '--strict', ...args.filter((arg) => !arg.startsWith('--namespace'))]);
    assert.is(code, 0, `${file}: ${stdout}`);
    assert.match(stdout, '0 chart(s) failed');
    assert.not.match(stdout, '[WARNING]');
  }
});

for (const { path, needsHelm, make } of madeFiles) {
  const title = `${path.replace(/^.*?(charts|deploy)\//, '$1/')} is what \`npm run chart\` makes`;
  (needsHelm ? testWithHelm : test)(title, () => {
    const made = make().split('\n');
    const there = readFileSync(path, 'utf8').split('\n');
    const line = made.findIndex((text, index) => text !== there[index]);
    assert.is(line, -1, `line ${line + 1} should be: ${made[line]}`);
    assert.is(there.length, made.length);
  });
}

test('a value without a description is found, and what stands below one belongs to it', () => {
  assert.throws(() => readValueRows('a: 1\n'), 'a is not described');
  assert.throws(() => readValueRows('# -- A\na: 1\nb:\n  c: 2\n'), 'b.c is not described');
  const rows = readValueRows('# -- A\na:\n  x: {}\n# of b\nb:\n  # -- C\n  c: 2\n');
  assert.equal(rows, [
    { path: 'a', default: { x: {} }, help: 'A' },
    { path: 'b.c', default: 2, help: 'C' },
  ]);
});

testWithHelm('the CRD is that of deploy/crds, kept unless told otherwise', () => {
  const [own] = readManifests(readFileSync(crdFile, 'utf8'));
  const rendered = (crds: object) => theOnly(render({ values: { crds } }), 'CustomResourceDefinition');
  const kept = rendered({});
  assert.equal({ ...kept, metadata: { name: kept.metadata.name } }, own);
  assert.equal(kept.metadata.annotations, { 'helm.sh/resource-policy': 'keep' });
  assert.is(rendered({ keep: false }).metadata.annotations, undefined);
  assert.equal(rendered({ annotations: { a: 'b' } }).metadata.annotations, {
    a: 'b',
    'helm.sh/resource-policy': 'keep',
  });
});

const rbacKinds = ['Role', 'RoleBinding', 'ServiceAccount'];
/** Without what only Helm writes; a binding's subject without its namespace, which kubectl puts in. */
const rights = (manifests: readonly Manifest[]) =>
  manifests
    .filter(({ kind }) => rbacKinds.includes(kind))
    .map(({ kind, metadata, rules, roleRef, subjects, automountServiceAccountToken }) => ({
      title: `${kind} ${metadata.name}`,
      rules,
      roleRef,
      subjects: subjects === undefined ? undefined : [at(subjects, '0.kind'), at(subjects, '0.name')],
      automountServiceAccountToken,
    }))
    .toSorted((a, b) => (a.title < b.title ? -1 : 1));
const shipped = (file: string) =>
  rights(readManifests(readFileSync(join(import.meta.dirname, '../../deploy/rbac', file), 'utf8')));
const fullnameOverride = 'cxone-data-actions';

testWithHelm('the controller has the rights of deploy/rbac, to the letter', () => {
  assert.equal(rights(render({ values: { fullnameOverride } })), shipped('controller.yaml'));
  const secretNames = ['acme-webhook', 'globex-webhook'];
  const [role] = rights([theOnly(render({ values: { fullnameOverride, rbac: { secretNames } } }), 'Role', 'tenants')]);
  assert.equal([role], shipped('named-secrets.yaml'));
});

testWithHelm('viewers may look at DataActionConfigs, editors may change them, and nobody writes status', () => {
  const rulesOf = (suffix: string) => at(theOnly(render(), 'ClusterRole', suffix), 'rules.0');
  assert.equal(at(rulesOf('view'), 'verbs'), ['get', 'list', 'watch']);
  assert.equal(at(rulesOf('edit'), 'resources'), ['dataactionconfigs']);
  assert.not.match(renderText({ values: { rbac: { aggregateClusterRoles: false } } }), 'ClusterRole');
});

/** What values may set, and what the chart itself does. */
const settingsIn = (part: string) => {
  const allowed = Object.keys(Object(at(schema, `definitions.settings${part}.properties`)));
  const manifests = [...ciFiles, undefined].map((file) => render(file === undefined ? {} : { files: [file] }));
  const name = part.toLowerCase();
  const set = manifests.flatMap((each) => Object.keys(environmentOf(containerNamed(each, name))));
  return { allowed, set: new Set(set) };
};

for (const [part, table, elsewhere] of [
  ['Handler', handlerSettings, ['HOST']],
  ['Controller', controllerSettings, ['HOST', 'KUBECONFIG', 'KUBERNETES_SERVICE_HOST', 'KUBERNETES_SERVICE_PORT']],
] as const) {
  testWithHelm(
    `every setting of the ${part.toLowerCase()} is a value or the chart's own, with the code's bounds`,
    () => {
      const { allowed, set } = settingsIn(part);
      const free = Object.keys(table).filter((name) => !allowed.includes(name) && !set.has(name));
      assert.equal(
        free.filter((name) => !elsewhere.some((each) => each === name)),
        [],
      );
      assert.equal(
        allowed.filter((name) => !Object.hasOwn(table, name)),
        [],
      );
      const closed = listAt(schema, 'definitions.env.items.properties.name.not.enum');
      for (const name of set) {
        if (Object.hasOwn(table, name) && !allowed.includes(name))
          assert.ok(closed.includes(name), `extraEnv: ${name}`);
      }
      for (const [name, { expected }] of Object.entries(table)) {
        const rule = at(schema, `definitions.settings${part}.properties.${name}`);
        const [, min, max] = /^a whole number from (\d+) to (\d+)$/.exec(expected) ?? [];
        if (rule === undefined || min === undefined) continue;
        assert.equal([at(rule, 'minimum'), at(rule, 'maximum')], [Number(min), Number(max)], name);
      }
    },
  );
}

test('the schema knows every value, no other, and is closed wherever the chart itself has the say', () => {
  const compare = (value: unknown, rule: unknown, path: string): void => {
    const known = at(rule, 'properties');
    if (known === undefined || at(rule, 'additionalProperties') !== false) {
      assert.ok(at(rule, '$ref') ?? at(rule, 'type') ?? at(rule, 'enum') ?? at(rule, 'oneOf'), path);
      return;
    }
    const names = Object.keys(Object(known)).filter((name) => `${path}.${name}` !== '.global');
    const optional = path === '.strategy' || path === '.strategy.rollingUpdate';
    if (!optional) assert.equal(names.toSorted(), Object.keys(Object(value)).toSorted(), path);
    for (const name of names) compare(at(value, name), at(known, name), `${path}.${name}`);
  };
  compare(values, schema, '');
});

test('the chart is of the version of the package', () => {
  const own: unknown = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'));
  const chart: unknown = parse(read('Chart.yaml'));
  assert.is(at(chart, 'appVersion'), at(own, 'version'));
  const images = String(Reflect.get(Object(at(chart, 'annotations')), 'artifacthub.io/images'));
  assert.match(images, `cxone-data-actions:${at(own, 'version')}\n`);
  assert.match(images, `docker.io/${at(values, 'redis.image.repository')}:${at(values, 'redis.image.tag')}\n`);
});

const alertsOf = (options: object) =>
  JSON.stringify(
    at(
      theOnly(
        render({ values: { prometheusRule: { enabled: true, renderMode: 'alwaysRender', ...options } } }),
        'PrometheusRule',
      ),
      'spec',
    ),
  );

testWithHelm(
  'alerts come from their file; base of runbooks, labels, how long and those left out come from values',
  () => {
    const file: unknown = parse(read('files/alerts.yaml'));
    const [first = '', second = ''] = alertNames(file);
    const plain = alertsOf({});
    for (const name of alertNames(file)) assert.match(plain, `"alert":"${name}"`);
    assert.not.match(plain, 'RUNBOOK_BASE_URL');
    assert.not.match(plain, 'runbook_url');
    const told = alertsOf({
      runbookBaseUrl: 'https://example.com/runbooks/',
      ruleLabels: { team: 'calls' },
      disabled: [first],
      for: { [second]: '123s' },
    });
    assert.is(told.split('"for":"123s"').length, 2);
    assert.not.match(told, `"alert":"${first}"`);
    assert.not.match(told, 'RUNBOOK_BASE_URL');
    if (alertNames(file).length > 1) assert.match(told, /"runbook_url":"https:\/\/example\.com\/runbooks\/[\w-]+\.md/);
  },
);

const alertNames = (file: unknown): readonly string[] =>
  JSON.stringify(file)
    .match(/"alert":"\w+"/g)
    ?.map((match) => match.slice(9, -1)) ?? [];

testWithHelm('the dashboard is its file, where Grafana looks', () => {
  const dashboard = theOnly(render({ values: { dashboard: { enabled: true } } }), 'ConfigMap', 'dashboard');
  assert.is(Reflect.get(Object(dashboard.data), 'cxone-data-actions.json'), read('files/dashboard.json'));
  assert.equal(Reflect.get(Object(dashboard.metadata.labels), 'grafana_dashboard'), '1');
});

test.run();
