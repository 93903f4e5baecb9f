// time limit: 240 s
/**
 * The Roles that are shipped are enough, and nothing in them is too much: the controller runs with a client certificate that has exactly
 * them, and `kubectl auth can-i --list` shows nothing else.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { prepareDatabase } from '../services/database.ts';
import type { KubeApiServer } from '../services/kube-api-server.ts';
import { whyNoKube } from '../services/kube-programs.ts';
import { createPod } from '../services/pod.ts';
import { startPostgres } from '../services/postgres.ts';
import { secretManifest, startTenantCluster, useNamespace } from '../services/tenant-cluster.ts';
import { startBoth } from '../services/tenant-pod.ts';
import { testUnless } from '../services/test-unless.ts';
import { until } from '../services/until.ts';

const testWithKube = testUnless(whyNoKube());
const folder = join(import.meta.dirname, '../../deploy/rbac');
let kube: KubeApiServer;
let databaseUrl: string;

test.before(async () => {
  if (whyNoKube() !== undefined) return;
  const [server, postgres] = await Promise.all([startTenantCluster(), startPostgres()]);
  kube = server;
  databaseUrl = (await prepareDatabase(postgres)).url;
});

const apply = async (namespace: string, input: string): Promise<void> => {
  const { code, stderr } = await kube.kubectl(['-n', namespace, 'apply', '-f', '-'], { input });
  assert.is(code, 0, stderr);
};

/** The shipped Roles, bound to a user with a certificate. Nobody makes tokens of ServiceAccounts here. */
const bind = async (namespace: string, ...files: readonly string[]): Promise<string> => {
  for (const file of files) await apply(namespace, readFileSync(join(folder, file), 'utf8'));
  for (const role of ['tenants', 'lease']) {
    const name = `cxone-data-actions-${role}`;
    const args = ['create', 'rolebinding', `test-${role}`, `--role=${name}`, `--user=controller-of-${namespace}`];
    const { code, stderr } = await kube.kubectl(['-n', namespace, ...args]);
    assert.is(code, 0, stderr);
  }
  return kube.kubeconfigFor(`controller-of-${namespace}`);
};

/** Rights in the namespace, one a line, without those that every user has. */
const rightsOf = async (kubeconfig: string, namespace: string): Promise<readonly string[]> => {
  const list = async (access: string): Promise<readonly string[]> => {
    const args = ['auth', 'can-i', '--list', '-n', namespace, '--no-headers'];
    const { stdout, stderr, code } = await kube.kubectl(args, { kubeconfig: access });
    assert.is(code, 0, stderr);
    return stdout.split('\n').map((line) => line.trim().replace(/ +/g, ' '));
  };
  const everybody = new Set(await list(kube.kubeconfigFor('nobody-special')));
  return (await list(kubeconfig)).filter((line) => !everybody.has(line)).toSorted();
};

const shared = [
  'dataactionconfigs.dataactions.dev [] [] [list watch]',
  'dataactionconfigs.dataactions.dev/status [] [] [patch]',
  'events.events.k8s.io [] [] [create]',
  'leases.coordination.k8s.io [] [] [create]',
  'leases.coordination.k8s.io [] [cxone-data-actions] [get update]',
];

testWithKube('with the Role a tenant is served, Ready, and told of in an Event', async () => {
  const cluster = await useNamespace(kube, 'all-secrets');
  const kubeconfig = await bind('all-secrets', 'controller.yaml');
  assert.equal(await rightsOf(kubeconfig, 'all-secrets'), [...shared, 'secrets [] [] [list watch]'].toSorted());
  const pod = await createPod({ databaseUrl, kubeconfig, namespace: 'all-secrets' });
  await startBoth(pod);
  await cluster.applyTenant({ name: 'acme' });
  await cluster.untilReady('acme', 'True', 'Applied');
  await until('the Event', async () => {
    const { body } = await kube.ask('/apis/events.k8s.io/v1/namespaces/all-secrets/events');
    assert.match(JSON.stringify(body.items), '"reason":"Applied"');
  });
  assert.not.match(pod.controller.output(), 'forbidden');
  await pod.stop();
});

testWithKube('with names of Secrets in the Role, those are read and others count as missing', async () => {
  const namespace = 'named-secrets';
  const cluster = await useNamespace(kube, namespace);
  const kubeconfig = await bind(namespace, 'controller.yaml', 'named-secrets.yaml');
  const named = ['acme-webhook', 'globex-webhook'].map((name) => `secrets [] [${name}] [list watch]`);
  assert.equal(await rightsOf(kubeconfig, namespace), [...shared, ...named].toSorted());
  const pod = await createPod({ databaseUrl, kubeconfig, namespace, controllerEnv: { SECRETS_WATCH: 'named' } });
  await startBoth(pod);
  const refer = (name: string, key = 'current') => ({ webhook: { secretRefs: [{ name, key }] } });
  await cluster.apply(secretManifest('closed', { current: 'a secret nobody may read' }));
  await cluster.applyTenant({ name: 'acme', secret: undefined, spec: refer('acme-webhook') });
  await cluster.applyTenant({ name: 'closed', secret: undefined, spec: refer('closed') });
  await cluster.untilReady('acme', 'False', 'SecretNotFound');
  await cluster.untilReady('closed', 'False', 'SecretNotFound');
  await cluster.apply(secretManifest('acme-webhook', { current: 'a secret of acme', next: 'another secret of acme' }));
  await cluster.untilReady('acme', 'True', 'Applied');
  await cluster.applyTenant({ name: 'acme', secret: undefined, spec: refer('acme-webhook', 'next') });
  await cluster.untilReady('acme', 'True', 'Applied');
  const answer = await pod.ask('acme', { customer_ids: [] }, { secret: 'another secret of acme' });
  assert.is(answer.status, 400);
  await pod.stop();
});

test.run();
