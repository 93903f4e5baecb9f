/**
 * Names and labels that people choose. YAML would take some for numbers, and Kubernetes takes no object with a label twice, nor one whose
 * selector does not find its own pods.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { at, ofKind, type RenderOptions, refusalOf, render, theOnly, whyNoHelm } from '../services/helm.ts';
import { testUnless } from '../services/test-unless.ts';
import { containerNamed, environmentOf } from './containers.ts';

const testWithHelm = testUnless(whyNoHelm());

/** All of them are valid names in Kubernetes, where a Service's begins with a letter. */
const numbers: RenderOptions = {
  files: ['all-values.yaml'],
  release: '123',
  namespace: '1e3',
  values: {
    fullnameOverride: 'true',
    nameOverride: '12',
    watchNamespace: '0x1f',
    image: { tag: '20240101', digest: '' },
    database: { existingSecret: '1', urlKey: '1', listenUrlKey: '2', caKey: '3' },
    redis: { existingSecret: '2', passwordKey: '1.0' },
    rbac: { secretNames: ['3'] },
    serviceAccount: { name: '4' },
    ingress: { className: '5', path: '/6' },
    priorityClassName: '7',
    runtimeClassName: '8',
    schemaJob: { existingSecret: '9', urlKey: '1' },
    tests: { existingSecret: '10', secretKey: '1', tenantId: '11', action: '12' },
    commonLabels: { count: '13' },
    podLabels: { on: 'true' },
  },
};

const fieldsOfTexts = new Set([
  'name',
  'namespace',
  'key',
  'secretName',
  'path',
  'image',
  'host',
  'serviceAccountName',
  'priorityClassName',
  'runtimeClassName',
  'ingressClassName',
  'jobLabel',
]);
const listsOfTexts = new Set(['labels', 'matchLabels', 'annotations', 'resourceNames', 'matchNames', 'args', 'env']);

/** Places where there is something else than a text. */
const notTexts = (value: unknown, path: string, expected: boolean): readonly string[] => {
  if (typeof value !== 'object' || value === null) return expected && typeof value !== 'string' ? [path] : [];
  return Object.entries(value).flatMap(([name, inner]) =>
    notTexts(
      inner,
      `${path}.${name}`,
      fieldsOfTexts.has(name) ||
        listsOfTexts.has(path.slice(path.lastIndexOf('.') + 1)) ||
        (name === 'value' && path.includes('.env.')),
    ),
  );
};

const labelsOf = (manifest: unknown, path: string) => Object(at(manifest, path));

testWithHelm('what looks like a number stays a text wherever Kubernetes wants one', () => {
  const manifests = render(numbers);
  const ours = manifests.filter(({ kind }) => kind !== 'CustomResourceDefinition');
  assert.equal(
    ours.flatMap((manifest) => notTexts(manifest, manifest.kind, false)),
    [],
  );
  const { metadata } = theOnly(manifests, 'Service', 'true');
  assert.equal(
    [metadata.name, labelsOf({ metadata }, 'metadata.labels')['app.kubernetes.io/instance']],
    ['true', '123'],
  );
  assert.is(environmentOf(containerNamed(manifests, 'controller')).WATCH_NAMESPACE, '0x1f');
  assert.match(String(containerNamed(manifests, 'handler').spec.image), /:20240101$/);
});

testWithHelm('a release whose name no Service could have needs another one', () => {
  for (const release of ['1st', 'my.app', 'a.b'])
    assert.match(
      refusalOf({ release }),
      `a Service cannot be named ${release}-cxone-data-actions: set fullnameOverride`,
    );
  assert.is(
    theOnly(render({ release: '1st', values: { fullnameOverride: 'first' } }), 'Service', 'first').metadata.name,
    'first',
  );
});

testWithHelm('a text that is none is found', () => {
  assert.equal(notTexts({ metadata: { name: 1, labels: { a: 2, b: '3' } } }, 'Pod', false), [
    'Pod.metadata.name',
    'Pod.metadata.labels.a',
  ]);
});

testWithHelm('the more special label goes before the more common one, and each is there once', () => {
  const manifests = render({
    values: {
      commonLabels: { team: 'all', 'app.kubernetes.io/part-of': 'contact-centre' },
      podLabels: { team: 'pods' },
      redis: { podLabels: { team: 'redis' } },
      service: { labels: { team: 'service' } },
      commonAnnotations: { note: 'all' },
      podAnnotations: { note: 'pods', 'kubectl.kubernetes.io/default-container': 'controller' },
    },
  });
  const deployment = theOnly(manifests, 'Deployment', 'data-actions');
  const inPods = labelsOf(deployment, 'spec.template.metadata.labels');
  assert.is(labelsOf(deployment, 'metadata.labels').team, 'all');
  assert.equal([inPods.team, inPods['app.kubernetes.io/part-of']], ['pods', 'contact-centre']);
  assert.equal(labelsOf(deployment, 'spec.template.metadata.annotations'), {
    'kubectl.kubernetes.io/default-container': 'controller',
    note: 'pods',
  });
  assert.is(labelsOf(theOnly(manifests, 'Deployment', 'redis'), 'spec.template.metadata.labels').team, 'redis');
  assert.is(labelsOf(theOnly(manifests, 'Service', 'data-actions'), 'metadata.labels').team, 'service');
});

testWithHelm('every selector finds the pods of its own Deployment, whatever labels are wished for', () => {
  const manifests = render({ files: ['all-values.yaml'], values: { podLabels: { team: 'x' } } });
  for (const deployment of ofKind(manifests, 'Deployment')) {
    const labels = labelsOf(deployment, 'spec.template.metadata.labels');
    for (const [name, value] of Object.entries(labelsOf(deployment, 'spec.selector.matchLabels')))
      assert.is(labels[name], value, `${deployment.metadata.name} ${name}`);
  }
});

testWithHelm('a new version of the chart is no reason for Redis to start again and lose its rows', () => {
  const redis = theOnly(render(), 'Deployment', 'redis');
  assert.equal(Object.keys(labelsOf(redis, 'spec.template.metadata.labels')).toSorted(), [
    'app.kubernetes.io/component',
    'app.kubernetes.io/instance',
    'app.kubernetes.io/name',
  ]);
  assert.equal(Object.keys(labelsOf(redis, 'spec.template.metadata.annotations')), ['checksum/config']);
});

test.run();
