// time limit: 240 s
/**
 * Two controllers on one namespace, killed in turns: both pods serve, one writes, and the status never flaps.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type ConfigStatus, conditionOf, readStatus } from '../../pkg/controller/status.ts';
import { customerId } from '../services/database.ts';
import { whyNoKube } from '../services/kube-programs.ts';
import { type ObjectHistory, recordObjects } from '../services/object-history.ts';
import { createPod, type Pod } from '../services/pod.ts';
import { secretFor } from '../services/tenant-cluster.ts';
import { startBoth, startTenantPod, type TenantPod } from '../services/tenant-pod.ts';
import { testUnless } from '../services/test-unless.ts';
import { until } from '../services/until.ts';

const testWithKube = testUnless(whyNoKube());
const namespace = 'leaders';
let it: TenantPod;
let other: Pod;
let history: ObjectHistory;

const leads = async (pod: Pod): Promise<boolean> =>
  /^cxone_dataaction_leader 1$/m.test((await pod.controller.page('/metrics')).text);
const untilLeads = (pod: Pod) => until('the new leader', async () => assert.ok(await leads(pod)));
const writesOf = async ({ controller }: Pod): Promise<number> =>
  Number(
    /^cxone_dataaction_status_writes_total\{result="success"\} (\d+)$/m.exec(
      (await controller.page('/metrics')).text,
    )?.[1] ?? 0,
  );

test.before(async () => {
  if (whyNoKube() !== undefined) return;
  it = await startTenantPod(namespace, { name: 'pod-a' });
  other = await createPod({
    databaseUrl: it.database.url,
    kubeconfig: it.cluster.kube.adminKubeconfig,
    namespace,
    name: 'pod-b',
  });
  await startBoth(other);
  await untilLeads(it.pod);
  history = await recordObjects(it.cluster.kube, namespace);
});

const answers = (pod: Pod, name: string) =>
  pod.ask(name, { customer_ids: [customerId(1)] }, { secret: secretFor(name) }).then(({ status }) => status);
/** In the order they were written, without what others changed. */
const statusesOf = (name: string): readonly ConfigStatus[] => {
  const all = history.versions(name).map((object) => readStatus(Reflect.get(object, 'status')));
  return all
    .filter((status, at) => JSON.stringify(status) !== JSON.stringify(all[at - 1]))
    .flatMap((status) => status ?? []);
};
const versionOf = async (name: string): Promise<unknown> =>
  Object((await it.cluster.object(name)).metadata).resourceVersion;

testWithKube('both pods serve what is applied; one of them wrote the status, once', async () => {
  for (const name of ['acme', 'globex']) await it.cluster.applyTenant({ name });
  for (const name of ['acme', 'globex']) {
    await it.cluster.untilReady(name, 'True', 'Applied');
    for (const pod of [it.pod, other]) {
      await until(`an answer for ${name}`, async () => assert.is(await answers(pod, name), 200));
    }
  }
  const seen = ['acme', 'globex'].flatMap((name) => statusesOf(name)).length;
  assert.equal([await writesOf(it.pod), await writesOf(other)], [seen, 0]);
});

for (let turn = 1; turn <= 2; turn += 1) {
  testWithKube(`killed in turns, the other one leads and writes nothing that was written (${turn})`, async () => {
    const [leader, next] = (await leads(it.pod)) ? [it.pod, other] : [other, it.pod];
    const version = await versionOf('acme');
    // A silent holder is waited for.
    await leader.controller.kill();
    await untilLeads(next);
    await it.cluster.applyTenant({ name: 'acme', spec: { limits: { batchSize: turn } } });
    const status = await it.cluster.untilReady('acme', 'True', 'Applied');
    assert.is(status.observedGeneration, 1 + turn);
    assert.is.not(await versionOf('acme'), version);
    await leader.controller.start();
    await until('its bundle', async () => assert.is((await leader.controller.page('/startupz')).status, 200));
    await until('an answer', async () => assert.is(await answers(leader, 'acme'), 200));
    assert.not(await leads(leader));
    assert.is(await writesOf(leader), 0);
  });
}

testWithKube('a leader whose handler is down is followed by one whose handler serves, and nobody sees it', async () => {
  const [leader, next] = (await leads(it.pod)) ? [it.pod, other] : [other, it.pod];
  await leader.handler.stop();
  await untilLeads(next);
  await it.cluster.applyTenant({ name: 'acme', spec: { limits: { batchSize: 9 } } });
  await it.cluster.untilReady('acme', 'True', 'Applied');
  await until('the other one', async () => assert.not(await leads(leader)));
  await leader.handler.start();
});

testWithKube('nothing was ever written twice, and Ready never went back', async () => {
  for (const name of ['acme', 'globex']) {
    const texts = statusesOf(name).map((status) => JSON.stringify(status));
    assert.equal(texts, [...new Set(texts)]);
  }
  const ready = statusesOf('globex').map((status) => conditionOf(status, 'Ready')?.status);
  assert.is(ready.indexOf('True'), ready.length - 1, ready.join());
});

test.after(async () => {
  await Promise.all([it?.pod.stop(), other?.stop(), history?.close()]);
});
test.run();
