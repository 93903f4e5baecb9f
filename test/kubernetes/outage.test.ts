// time limit: 240 s
/**
 * The API server goes away and comes back, while callers ask all the time: no request fails, a handler that is restarted meanwhile
 * serves from the bundle, and every change that was made meanwhile is live after its return.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { customerId } from '../services/database.ts';
import { whyNoKube } from '../services/kube-programs.ts';
import { startLoad } from '../services/load.ts';
import { ownDirectory } from '../services/owned.ts';
import { createPod, type Pod, untilUp } from '../services/pod.ts';
import { startTcpProxy, type TcpProxy } from '../services/tcp-proxy.ts';
import { secretFor } from '../services/tenant-cluster.ts';
import { startBoth, startTenantPod, type TenantPod } from '../services/tenant-pod.ts';
import { testUnless } from '../services/test-unless.ts';
import { until } from '../services/until.ts';

const testWithKube = testUnless(whyNoKube());
const namespace = 'outage';
const limits = { requestsPerSecond: 10_000, burst: 10_000 };
let it: TenantPod;
/** Its controller reaches the API server through a proxy; the API server itself goes on. */
let cut: Pod;
let proxy: TcpProxy;

test.before(async () => {
  if (whyNoKube() !== undefined) return;
  it = await startTenantPod(namespace);
  const { kube } = it.cluster;
  proxy = await startTcpProxy(kube);
  const kubeconfig = join(ownDirectory('cut'), 'kubeconfig');
  const behind = readFileSync(kube.adminKubeconfig, 'utf8').replaceAll(kube.url, `https://127.0.0.1:${proxy.port}`);
  writeFileSync(kubeconfig, behind, { mode: 0o600 });
  cut = await createPod({ databaseUrl: it.database.url, kubeconfig, namespace, name: 'cut' });
  for (const name of ['acme', 'changed', 'rotated', 'gone']) await it.cluster.applyTenant({ name, spec: { limits } });
  await startBoth(cut);
  for (const name of ['acme', 'changed', 'rotated', 'gone']) await untilAnswered(cut, name, 200);
});

const ask = (pod: Pod, name: string, secret = secretFor(name)) =>
  pod.ask(name, { customer_ids: [customerId(1)] }, { secret });
const untilAnswered = (pod: Pod, name: string, status: number, secret?: string) =>
  until(`${status} for ${name}`, async () => assert.is((await ask(pod, name, secret)).status, status));
const load = (pod: Pod) =>
  startLoad(2, async () => ({ ...(await ask(pod, 'acme')), headers: {}, json: {} }), { pauseMs: 5 });
const isConnected = async ({ controller }: Pod): Promise<boolean> =>
  /^cxone_dataaction_watch_connected 1$/m.test((await controller.page('/metrics')).text);
const untilConnected = (pod: Pod, connected: boolean) =>
  until(`connected: ${connected}`, async () => assert.is(await isConnected(pod), connected));

testWithKube('what changed while the API server could not be reached is live after its return', async () => {
  const callers = load(cut);
  await proxy.mode('refuse');
  await proxy.mode('reset');
  await untilConnected(cut, false);
  await it.cluster.applyTenant({ name: 'new' });
  await it.cluster.applyTenant({ name: 'changed', spec: { suspend: true } });
  await it.cluster.applyTenant({ name: 'rotated', secret: 'a new secret of rotated', spec: { limits } });
  await it.cluster.remove('DataActionConfig', 'gone');
  assert.is((await ask(cut, 'new')).status, 401);
  assert.is((await ask(cut, 'gone')).status, 200);
  await untilAnswered(it.pod, 'new', 200);

  await proxy.mode('forward');
  await Promise.all([
    untilAnswered(cut, 'new', 200),
    untilAnswered(cut, 'changed', 401),
    untilAnswered(cut, 'rotated', 200, 'a new secret of rotated'),
    untilAnswered(cut, 'gone', 401),
  ]);
  assert.is((await ask(cut, 'rotated')).status, 401);
  const { answered, failures, statuses } = await callers.stop();
  assert.equal([statuses, failures], [[200], []], `of ${answered.length}`);
});

testWithKube('the API server ends and comes back: nobody notices, and the next change is taken', async () => {
  const callers = load(it.pod);
  await it.cluster.kube.kill();
  await untilConnected(it.pod, false);
  assert.is((await it.pod.controller.page('/livez')).status, 200);
  assert.is((await it.pod.controller.page('/startupz')).status, 200);
  const before = callers.count(200);
  await until('more answers', async () => assert.ok(callers.count(200) > before + 20));
  const { answered, failures, statuses } = await callers.stop();
  assert.equal([statuses, failures], [[200], []], `of ${answered.length}`);
});

testWithKube(
  'during the outage a restarted handler serves at once, and so does one beside a restarted controller',
  async () => {
    await it.pod.handler.stop();
    await it.pod.handler.start();
    await untilUp('the handler', it.pod.handler, '/readyz');
    assert.is((await ask(it.pod, 'acme')).status, 200);
    await it.pod.controller.kill();
    await it.pod.controller.start();
    // The bundle of before is still there: its container counts as started.
    assert.is((await it.pod.controller.page('/startupz')).status, 200);
    assert.is((await ask(it.pod, 'acme')).status, 200);

    await it.cluster.kube.start();
    await it.cluster.applyTenant({ name: 'afterwards' });
    await untilAnswered(it.pod, 'afterwards', 200);
    await it.cluster.untilReady('afterwards', 'True', 'Applied');
    assert.is((await ask(it.pod, 'acme')).status, 200);
  },
);

test.after(async () => {
  await Promise.all([it?.pod.stop(), cut?.stop()]);
  await proxy?.close();
});
test.run();
