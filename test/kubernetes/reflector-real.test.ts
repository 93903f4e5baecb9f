// time limit: 180 s

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createKubernetesClient } from '../../pkg/kubernetes/client.ts';
import { secretsIn } from '../../pkg/kubernetes/resource.ts';
import { createManualClock } from '../../pkg/process/manual-clock.ts';
import { follow } from '../services/followed.ts';
import { realClusters } from '../services/kube-cluster.ts';
import { whyNoKube } from '../services/kube-programs.ts';
import { testUnless } from '../services/test-unless.ts';
import { defineWith, reflectorContract } from './reflector-contract.ts';

const testWithKube = testUnless(whyNoKube());
const open = realClusters();

reflectorContract(defineWith(open, testWithKube));

testWithKube('the server ends a watch after its time, and that is no failure', async () => {
  const cluster = await open();
  const client = cluster.client(createManualClock());
  const page = await client.listPage(secretsIn(cluster.namespace), { limit: 1 });
  const seen: string[] = [];
  const end = await client.watch(secretsIn(cluster.namespace), {
    resourceVersion: page.ok ? page.value.resourceVersion : '',
    timeoutSeconds: 1,
    signal: new AbortController().signal,
    onOpen: () => void seen.push('open'),
    onEvent: ({ type }) => void seen.push(type),
  });
  assert.is(end, undefined);
  assert.is(seen[0], 'open');
  await cluster.close();
});

testWithKube('rights that come later are used when they come; a Role with names is enough for one Secret', async () => {
  const cluster = await open();
  const { kube, namespace } = cluster;
  await cluster.put('secrets', 'mine', { data: {} });
  const clock = createManualClock();
  const client = createKubernetesClient({
    source: { kind: 'kubeconfig', file: kube.kubeconfigFor('reader') },
    clock,
  });
  const followed = follow({ client, resource: secretsIn(namespace, 'mine'), clock });
  void followed.reflector.start();
  await followed.until('the refusal', () => followed.told.includes('failed forbidden'));
  const role = ['role', 'reader', '--verb=get,list,watch', '--resource=secrets', '--resource-name=mine'];
  for (const args of [role, ['rolebinding', 'reader', '--role=reader', '--user=reader']]) {
    const { code, stderr } = await kube.kubectl(['create', '-n', namespace, ...args]);
    assert.is(code, 0, stderr);
  }
  await followed.untilEqual(() => cluster.truth('secrets'));
  await followed.until('the watch', () => followed.told.includes('connected true'));
  const whole = await client.listPage(secretsIn(namespace), { limit: 1 });
  assert.is(!whole.ok && whole.failure.reason, 'forbidden');
  await followed.reflector.stop();
  await client.close();
  await cluster.close();
});

test.run();
