/**
 * The last story: what is left when the release is gone. Tenants and the kind they are of stay, and what people brought themselves.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { testUnless } from '../services/test-unless.ts';
import { whyNoCluster } from './cluster-script.ts';
import { eventually, kubectl } from './kubectl.ts';
import { helm, namespace, release } from './release.ts';

const onCluster = testUnless(whyNoCluster());

/** What Kubernetes itself puts into every namespace, and what tells of the past. */
const usual = /^(configmap\/kube-root-ca\.crt|serviceaccount\/default|event\S*\/.*|podmetrics\S*\/.*)$/;

const kinds = async (namespaced: boolean): Promise<readonly string[]> =>
  (await kubectl(['api-resources', '--verbs=list', `--namespaced=${namespaced}`, '--output=name'])).split('\n');

const objects = async (names: readonly string[], where: readonly string[]): Promise<readonly string[]> => {
  const text = await kubectl(['get', names.join(','), '--output=name', ...where]);
  return text
    .split('\n')
    .filter((name) => name !== '' && !usual.test(name))
    .sort();
};

onCluster('helm uninstall leaves the CRD, its objects and the Secrets of users, and nothing else', async () => {
  const [inNamespaces, clusterWide] = [await kinds(true), await kinds(false)];
  await helm(['uninstall', release, '--wait', '--timeout', '170s']);
  await eventually('the namespace without the release', async () =>
    assert.equal(await objects(inNamespaces, ['--namespace', namespace]), [
      'dataactionconfig.dataactions.dev/acme',
      'secret/acme-webhook',
      'secret/handler-database',
      'secret/redis-password',
      'secret/schema-database',
    ]),
  );
  const ours = (await objects(clusterWide, [])).filter((name) => /data-?action/i.test(name));
  assert.equal(ours, [
    // The API server's own entry for the group.
    'apiservice.apiregistration.k8s.io/v1alpha1.dataactions.dev',
    'customresourcedefinition.apiextensions.k8s.io/dataactionconfigs.dataactions.dev',
    `namespace/${namespace}`,
  ]);
});

test.run();
