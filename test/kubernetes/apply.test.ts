// time limit: 180 s
/**
 * `kubectl apply` of a DataActionConfig and its Secret on a real API server is answered by a real handler from a real PostgreSQL, and
 * `.status` says so.
 */
import { rename } from 'node:fs/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { conditionOf } from '../../pkg/controller/status.ts';
import { customerId, prepareDatabase } from '../services/database.ts';
import { whyNoKube } from '../services/kube-programs.ts';
import { createPod, type Pod, untilUp } from '../services/pod.ts';
import { startPostgres } from '../services/postgres.ts';
import { secretFor, startTenantCluster, type TenantCluster, useNamespace } from '../services/tenant-cluster.ts';
import { testUnless } from '../services/test-unless.ts';
import { until } from '../services/until.ts';

const testWithKube = testUnless(whyNoKube());
let cluster: TenantCluster;
let pod: Pod;

test.before(async () => {
  if (whyNoKube() !== undefined) return;
  const [kube, postgres] = await Promise.all([startTenantCluster(), startPostgres()]);
  cluster = await useNamespace(kube, 'tenants');
  const { url } = await prepareDatabase(postgres);
  pod = await createPod({ databaseUrl: url, kubeconfig: kube.adminKubeconfig, namespace: 'tenants' });
});

const acme = (secret = secretFor('acme')) => pod.ask('acme', { customer_ids: [customerId(1)] }, { secret });
const untilStatus = (what: string, status: number, ask: () => ReturnType<typeof acme>) =>
  until(what, async () => assert.is((await ask()).status, status));

testWithKube('an empty namespace is a bundle of no tenants, and then the handler may start', async () => {
  await pod.controller.start();
  await untilUp('the first bundle', pod.controller, '/startupz');
  await pod.handler.start();
  await untilUp('the handler', pod.handler, '/readyz');
});

testWithKube('an applied tenant is answered, and its status says Ready with proof', async () => {
  await cluster.applyTenant({ name: 'acme' });
  await untilStatus('an answer', 200, acme);
  const status = await cluster.untilReady('acme', 'True', 'Applied');
  assert.is(status.observedGeneration, 1);
  assert.is(status.actions, 1);
  const { text } = await pod.handler.page('/config');
  assert.is(JSON.parse(text).tenants[0].revision, status.revision);
  for (const condition of status.conditions) assert.is(condition.observedGeneration, 1);
});

const kubectl = async (...args: readonly string[]) => {
  const { stdout, stderr, code } = await cluster.kube.kubectl(['-n', 'tenants', ...args]);
  assert.is(code, 0, stderr);
  return stdout;
};

testWithKube('`kubectl get dac` and `kubectl describe dac` tell it to people', async () => {
  assert.match(await kubectl('get', 'dac', 'acme'), /acme +acme +True +Applied +1 /);
  await kubectl('wait', '--for=condition=Ready', 'dac/acme', '--timeout=10s');
  await until('the Event', async () =>
    assert.match(await kubectl('describe', 'dac', 'acme'), /Normal +Applied .*generation 1 is served, as revision/),
  );
});

testWithKube(
  '`kubectl events`, as the runbooks have it, ends with the newest, which has no lastTimestamp',
  async () => {
    const older = {
      ...{ apiVersion: 'v1', kind: 'Event', metadata: { name: 'older', namespace: 'tenants' } },
      involvedObject: { apiVersion: 'v1', kind: 'Pod', name: 'other', namespace: 'tenants' },
      ...{ reason: 'Pulled', message: 'of an hour ago', type: 'Normal', lastTimestamp: '2026-01-01T00:00:00Z' },
    };
    await cluster.kube.kubectl(['create', '-f', '-'], { input: JSON.stringify(older) });
    const lines = (await kubectl('events')).trim().split('\n');
    assert.match(lines[1] ?? '', 'of an hour ago');
    assert.match(lines.at(-1) ?? '', 'is served, as revision');
  },
);

testWithKube('a rotated Secret holds without a restart: the new key opens, the old one does not', async () => {
  const pid = pod.handler.pid();
  const before = await cluster.status('acme');
  await cluster.applyTenant({ name: 'acme', secret: 'another secret of acme' });
  await untilStatus('the new key', 200, () => acme('another secret of acme'));
  assert.is((await acme()).status, 401);
  const status = await until('the status', async () => {
    const now = await cluster.status('acme');
    assert.is.not(now?.revision, before?.revision);
    return now;
  });
  assert.is(conditionOf(status, 'Ready')?.lastTransitionTime, conditionOf(before, 'Ready')?.lastTransitionTime);
  assert.is(pod.handler.pid(), pid);
  await cluster.applyTenant({ name: 'acme' });
  await untilStatus('the old key', 200, acme);
});

testWithKube('while the bundle cannot be written, nothing is Ready that is not served', async () => {
  const away = `${pod.bundleDir}-away`;
  const undelivered = 'a secret that cannot be delivered yet';
  await rename(pod.bundleDir, away);
  await cluster.applyTenant({ name: 'acme', secret: undelivered });
  await cluster.untilReady('acme', 'Unknown', 'WaitingForHandler');
  assert.is((await acme()).status, 200);
  await rename(away, pod.bundleDir);
  await untilStatus('the new key', 200, () => acme(undelivered));
  await cluster.untilReady('acme', 'True', 'Applied');
  await cluster.applyTenant({ name: 'acme' });
  await untilStatus('the old key', 200, acme);
});

testWithKube('a tenant of a deleted object is refused', async () => {
  await cluster.applyTenant({ name: 'globex' });
  const globex = () => pod.ask('globex', { customer_ids: [customerId(1)] }, { secret: secretFor('globex') });
  await untilStatus('an answer', 200, globex);
  await cluster.remove('DataActionConfig', 'globex');
  await untilStatus('the end of it', 401, globex);
  assert.is((await acme()).status, 200);
});

testWithKube('SIGTERM ends both with exit code 0, and the Lease is let go of', async () => {
  assert.is(await pod.controller.stop(), 0);
  const { body } = await cluster.kube.ask('/apis/coordination.k8s.io/v1/namespaces/tenants/leases/cxone-data-actions');
  assert.is(Object(body.spec).holderIdentity ?? '', '');
  assert.is(await pod.handler.stop(), 0);
});

test.after(() => pod?.stop());
test.run();
