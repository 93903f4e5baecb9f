/** skaffold.yaml agrees with what it names: the Dockerfile's stages, files, the chart's image, objects and ports. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parse, parseAllDocuments } from 'yaml';
import { at, listAt, ofKind, readManifests, render, theOnly, whyNoHelm } from '../services/helm.ts';
import { testUnless } from '../services/test-unless.ts';
import { containerNamed, containersOf, environmentOf } from './containers.ts';

const root = join(import.meta.dirname, '../..');
const read = (name: string): string => readFileSync(join(root, name), 'utf8');
const [database, service]: readonly unknown[] = parseAllDocuments(read('skaffold.yaml')).map((document) =>
  document.toJS(),
);
const release = at(service, 'deploy.helm.releases.0');
const values: unknown = parse(read(String(at(release, 'valuesFiles.0'))));
const rendered = () => {
  const image = { repository: 'built', tag: 'here' };
  return render({
    values: { ...Object(values), image },
    release: String(at(release, 'name')),
    namespace: 'dataactions-dev',
  });
};
const testWithHelm = testUnless(whyNoHelm());

test('both parts are of one version, and the second needs the first', () => {
  for (const part of [database, service]) {
    assert.is(at(part, 'apiVersion'), 'skaffold/v4beta13');
    assert.is(at(part, 'kind'), 'Config');
  }
  assert.equal(at(service, 'requires.0.configs'), [at(database, 'metadata.name')]);
});

/** Of schema v4beta13, which is closed: the fields that a developer may want at each place. Others are as good as misspelt. */
const known: Readonly<Record<string, readonly string[]>> = {
  '': ['apiVersion', 'kind', 'metadata', 'requires', 'build', 'test', 'manifests', 'deploy', 'portForward', 'profiles'],
  '.metadata': ['name', 'labels', 'annotations'],
  '.requires': ['configs', 'path', 'git', 'activeProfiles'],
  '.build': ['artifacts', 'local', 'tagPolicy', 'platforms', 'insecureRegistries'],
  '.build.artifacts': ['image', 'context', 'docker', 'sync', 'requires', 'hooks', 'platforms', 'runtimeType'],
  '.build.artifacts.docker': ['dockerfile', 'target', 'buildArgs', 'secrets', 'cacheFrom', 'network', 'noCache', 'ssh'],
  '.build.artifacts.sync': ['manual', 'infer', 'auto', 'hooks'],
  '.build.artifacts.sync.manual': ['src', 'dest', 'strip'],
  '.build.local': ['push', 'useBuildkit', 'useDockerCLI', 'concurrency', 'tryImportMissing'],
  '.manifests': ['rawYaml', 'kustomize', 'helm', 'transform', 'validate', 'hooks'],
  '.deploy': ['helm', 'kubectl', 'statusCheck', 'statusCheckDeadlineSeconds', 'kubeContext', 'logs'],
  '.deploy.kubectl': ['flags', 'defaultNamespace', 'hooks'],
  '.deploy.helm': ['releases', 'flags', 'hooks'],
  '.deploy.helm.releases': [
    ...['name', 'chartPath', 'namespace', 'createNamespace', 'valuesFiles', 'setValues', 'setValueTemplates'],
    ...['setFiles', 'wait', 'skipBuildDependencies', 'upgradeOnInstall', 'overrides'],
  ],
  '.portForward': ['resourceType', 'resourceName', 'namespace', 'port', 'localPort', 'address'],
};

/** Paths of fields that are not known. What is beyond the table is free. */
const unknownFields = (value: unknown, path = ''): readonly string[] => {
  if (Array.isArray(value)) return value.flatMap((each) => unknownFields(each, path));
  const names = known[path];
  if (names === undefined || typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    names.includes(name) ? unknownFields(inner, `${path}.${name}`) : [`${path}.${name}`],
  );
};

test('no field is misspelt or in another place', () => {
  assert.equal(
    [database, service].flatMap((part) => unknownFields(part)),
    [],
  );
  const wrong = { build: { artifacts: [{ image: 'a', sync: { manual: [{ source: 'b' }] } }], localhost: {} } };
  assert.equal(unknownFields(wrong), ['.build.artifacts.sync.manual.source', '.build.localhost']);
});

test('the stage, the files and the folders that are named are there', () => {
  const artifact = at(service, 'build.artifacts.0');
  assert.match(read(String(at(artifact, 'docker.dockerfile'))), `AS ${at(artifact, 'docker.target')}\n`);
  assert.ok(existsSync(join(root, String(at(release, 'chartPath')), 'Chart.yaml')));
  for (const name of listAt(database, 'manifests.rawYaml'))
    assert.ok(existsSync(join(root, String(name))), String(name));
  for (const rule of listAt(artifact, 'sync.manual')) {
    assert.ok(globSync(String(at(rule, 'src')), { cwd: root }).length > 20);
    assert.match(read('Dockerfile'), `WORKDIR ${at(rule, 'dest')}\n`);
  }
});

testWithHelm('the chart runs the image that is built, in all its containers', () => {
  const image = String(at(service, 'build.artifacts.0.image')).replaceAll('-', '_');
  assert.equal(at(release, 'setValueTemplates'), {
    'image.repository': `{{.IMAGE_REPO_${image}}}`,
    'image.tag': `{{.IMAGE_TAG_${image}}}`,
  });
  const images = containersOf(rendered())
    .filter(({ name }) => name !== 'redis')
    .map(({ spec }) => spec.image);
  assert.equal(images, Array(3).fill('built:here'));
});

testWithHelm('ports are forwarded to what the chart makes', () => {
  const manifests = rendered();
  for (const forward of listAt(service, 'portForward')) {
    const kind = at(forward, 'resourceType') === 'service' ? 'Service' : 'Deployment';
    const target = ofKind(manifests, kind).find(({ metadata }) => metadata.name === at(forward, 'resourceName'));
    assert.ok(target, String(at(forward, 'resourceName')));
    assert.is(target.metadata.namespace, at(forward, 'namespace'));
    const ports = [
      ...listAt(target, 'spec.ports').map((port) => at(port, 'port')),
      ...containersOf([target]).flatMap(({ spec }) => listAt(spec, 'ports').map((port) => at(port, 'containerPort'))),
    ];
    assert.ok(ports.includes(at(forward, 'port')), String(at(forward, 'port')));
  }
});

testWithHelm('the database has the keys that the chart asks for', () => {
  const secret = theOnly(readManifests(read('deploy/skaffold/postgres.yaml')), 'Secret');
  const keys = Object.keys(Object(secret.stringData));
  const wanted = at(environmentOf(containerNamed(rendered(), 'handler')).DATABASE_URL, 'secretKeyRef');
  assert.is(at(wanted, 'name'), secret.metadata.name);
  assert.ok(keys.includes(String(at(wanted, 'key'))));
  const mounted = at(containerNamed(rendered(), 'schema').pod, 'volumes.0.secret');
  assert.is(at(mounted, 'secretName'), secret.metadata.name);
  assert.ok(keys.includes(String(at(mounted, 'items.0.key'))));
});

test.run();
