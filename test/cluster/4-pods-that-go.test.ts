/**
 * Pods that go while callers go on: one that is deleted, and those of a node that is drained.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { testUnless } from '../services/test-unless.ts';
import { startBusy } from './busy.ts';
import { whyNoCluster } from './cluster-script.ts';
import { attempt, type CommandResult } from './command.ts';
import { kubectl, read } from './kubectl.ts';
import { namespace, type Pod, settled } from './release.ts';

const onCluster = testUnless(whyNoCluster());

const twoPods = async (): Promise<readonly [Pod, Pod]> => {
  const [first, second] = await settled(2);
  if (!first || !second) throw new Error('there are no two pods');
  return [first, second];
};

onCluster('a pod deleted under load is replaced and loses no request', async () => {
  const [first] = await twoPods();
  const busy = await startBusy();
  await kubectl(['delete', 'pod', first.name, '--namespace', namespace]);
  const after = await settled(2);
  await busy.lostNothing();
  assert.not(after.some(({ name }) => name === first.name));
});

/** By the Eviction API, as `kubectl drain` and autoscalers do it. */
const evict = (name: string): Promise<CommandResult> => {
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace } };
  const path = `/api/v1/namespaces/${namespace}/pods/${name}/eviction`;
  return attempt('kubectl', ['create', '--raw', path, '--filename', '-'], { input: JSON.stringify(eviction) });
};

onCluster('a node is drained one pod at a time, and loses no request', async () => {
  const [first, second] = await twoPods();
  const node = await read(['pod', first.name, '--namespace', namespace], '{.spec.nodeName}');
  const busy = await startBusy();
  try {
    await kubectl(['cordon', node]);
    assert.is((await evict(first.name)).code, 0);
    // There is no other node: the first has no replacement, and so the second has to stay.
    await kubectl(['wait', `pod/${first.name}`, '--namespace', namespace, '--for=delete', '--timeout=120s']);
    const refused = await evict(second.name);
    assert.is(refused.code, 1);
    assert.match(refused.stderr, /violate the pod's disruption budget/);
    await busy.goOn();
  } finally {
    await kubectl(['uncordon', node]);
  }
  await settled(2);
  assert.is((await evict(second.name)).code, 0);
  const after = await settled(2);
  await busy.lostNothing();
  assert.not(after.some(({ name }) => name === first.name || name === second.name));
});

test.run();
