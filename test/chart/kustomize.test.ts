/** What the overlays make of the base, beyond what an API server minds: numbers that belong together, and containers as confined as the chart's. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { alertRules } from '../monitoring/alert-rules.ts';
import { at, type Manifest, ofKind, readManifests, theOnly } from '../services/helm.ts';
import { findProgram } from '../services/kube-programs.ts';
import { testUnless } from '../services/test-unless.ts';
import { containerNamed, containersOf, environmentOf } from './containers.ts';
import { kustomizeFolder } from './made-files.ts';

const kubectl = findProgram('kubectl');
const testWithKubectl = testUnless(kubectl === undefined ? 'Kubernetes: no kubectl' : undefined);

const build = (overlay: string): readonly Manifest[] => {
  const args = ['kustomize', join(kustomizeFolder, 'overlays', overlay)];
  const { status, stdout, stderr } = spawnSync(kubectl ?? '', args, { encoding: 'utf8', maxBuffer: 2 ** 26 });
  assert.is(status, 0, stderr);
  return readManifests(stdout);
};

for (const overlay of ['dev', 'production']) {
  testWithKubectl(`${overlay}: everything is in its namespace, which enforces what the containers keep`, () => {
    const manifests = build(overlay);
    const namespace = theOnly(manifests, 'Namespace');
    const clusterWide = ['Namespace', 'CustomResourceDefinition', 'ClusterRole'];
    for (const { kind, metadata } of manifests) {
      if (!clusterWide.includes(kind))
        assert.is(metadata.namespace, namespace.metadata.name, `${kind} ${metadata.name}`);
    }
    assert.equal(namespace.metadata.labels, { 'pod-security.kubernetes.io/enforce': 'restricted' });
    for (const { where, spec } of containersOf(manifests)) {
      assert.is(at(spec, 'securityContext.readOnlyRootFilesystem'), true, where);
    }
  });
}

testWithKubectl('dev: one pod, of the image that is made here, which nothing holds up', () => {
  const manifests = build('dev');
  const deployment = theOnly(manifests, 'Deployment', 'data-actions');
  assert.is(at(deployment, 'spec.replicas'), 1);
  assert.not.ok(manifests.some(({ kind }) => kind === 'PodDisruptionBudget'));
  const env = environmentOf(containerNamed(manifests, 'handler'));
  assert.equal([env.PODS_MAX, env.LOG_LEVEL], ['1', 'debug']);
  assert.is(containerNamed(manifests, 'controller').spec.image, 'cxone-data-actions:dev');
});

testWithKubectl('production: metrics are scraped, and every alert of the chart is there', () => {
  const manifests = build('production');
  const rules = JSON.stringify(theOnly(manifests, 'PrometheusRule').spec);
  for (const { alert } of alertRules) assert.match(rules, `"alert":"${alert}"`);
  const wanted = Object.entries(Object(at(theOnly(manifests, 'ServiceMonitor'), 'spec.selector.matchLabels')));
  const found = ofKind(manifests, 'Service').filter(({ metadata }) =>
    wanted.every(([label, value]) => Reflect.get(Object(metadata.labels), label) === value),
  );
  assert.equal(
    found.map(({ metadata }) => metadata.name),
    ['cxone-data-actions-metrics'],
  );
});

testWithKubectl('production: the autoscaler says how many, and Redis has a password', () => {
  const manifests = build('production');
  assert.is(at(theOnly(manifests, 'Deployment', 'data-actions'), 'spec.replicas'), undefined);
  const env = environmentOf(containerNamed(manifests, 'handler'));
  assert.is(env.PODS_MAX, String(at(theOnly(manifests, 'HorizontalPodAutoscaler'), 'spec.maxReplicas')));
  const { version }: { version: string } = JSON.parse(
    readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'),
  );
  assert.match(String(containerNamed(manifests, 'handler').spec.image), new RegExp(`:${version}$`));
  const secret = at(env.REDIS_PASSWORD, 'secretKeyRef');
  const redis = containerNamed(manifests, 'redis');
  assert.ok(secret);
  assert.equal(at(environmentOf(redis).REDIS_PASSWORD, 'secretKeyRef'), secret);
  assert.equal(redis.spec.args, ['/etc/redis/redis.conf', '--requirepass', '$(REDIS_PASSWORD)']);
});

test.run();
