/**
 * What the client's calls do over an API server that does its work. Run over the real one and over the fake.
 */
import * as assert from 'uvu/assert';
import type { KubernetesClient } from '../../pkg/kubernetes/client.ts';
import type { LeaseClaim } from '../../pkg/kubernetes/lease-record.ts';
import { dataActionConfigsIn } from '../../pkg/kubernetes/resource.ts';
import { createManualClock } from '../../pkg/process/manual-clock.ts';
import type { KubeCluster } from '../services/kube-cluster.ts';
import type { Define } from './reflector-contract.ts';

const claim = (holder: string, transitions = 0): LeaseClaim => ({
  holder,
  durationMs: 15_000,
  acquiredAtMs: Date.UTC(2026, 0, 1),
  renewedAtMs: Date.UTC(2026, 0, 1, 0, 0, 1),
  transitions,
});

const reasonOf = (result: Awaited<ReturnType<KubernetesClient['leases']['read']>>): string =>
  result.ok ? 'ok' : result.failure.reason;

export const clientContract = (define: Define): void => {
  const open = (cluster: KubeCluster) => cluster.client(createManualClock());

  define('a Lease is created once, replaced as it was seen, and let go of', async (cluster) => {
    const { leases } = open(cluster);
    const lease = { namespace: cluster.namespace, name: 'leader' };
    assert.is(reasonOf(await leases.read(lease)), 'not_found');
    const created = await leases.create(lease, claim('one'));
    assert.ok(created.ok, JSON.stringify(created));
    if (!created.ok) return;
    assert.is(reasonOf(await leases.create(lease, claim('two'))), 'conflict');
    const { resourceVersion: _version, ...record } = created.value.record;
    assert.equal(record, {
      holder: 'one',
      durationMs: 15_000,
      acquireTime: '2026-01-01T00:00:00.000000Z',
      renewTime: '2026-01-01T00:00:01.000000Z',
      transitions: 0,
    });
    const replaced = await leases.replace(created.value, claim('two', 1));
    assert.ok(replaced.ok, JSON.stringify(replaced));
    assert.is(reasonOf(await leases.replace(created.value, claim('one', 2))), 'conflict');
    const read = await leases.read(lease);
    assert.equal(read.ok && read.value.record, replaced.ok && replaced.value.record);
    const released = replaced.ok ? await leases.replace(replaced.value, claim('', 1)) : replaced;
    assert.is(released.ok && released.value.record.holder, '');
  });

  define('a status is applied, and only the status', async (cluster) => {
    await cluster.put('dataactionconfigs', 'acme', { spec: { tenantId: 'acme' } });
    const client = open(cluster);
    const status = { revision: '5f2c', observedGeneration: 1 };
    const [item] = await itemsOf(client, cluster);
    const resourceVersion = item?.meta.resourceVersion ?? '';
    const of = { namespace: cluster.namespace, name: 'acme', resourceVersion, status, fieldManager: 'controller' };
    const applied = await client.applyStatus(of);
    assert.ok(applied.ok, JSON.stringify(applied));
    const stored = await cluster.read('dataactionconfigs', 'acme');
    assert.equal(stored.status, status);
    assert.equal(stored.spec, { tenantId: 'acme' });
    const nobody = await client.applyStatus({ ...of, name: 'nobody' });
    assert.is(!nobody.ok && nobody.failure.reason, 'not_found');
    const late = await client.applyStatus(of);
    assert.is(!late.ok && late.failure.reason, 'conflict');
  });

  define('an object made anew under the same name does not get the status of the old one', async (cluster) => {
    await cluster.put('dataactionconfigs', 'acme', { spec: {} });
    const client = open(cluster);
    const [item] = await itemsOf(client, cluster);
    await cluster.remove('dataactionconfigs', 'acme');
    await cluster.put('dataactionconfigs', 'acme', { spec: {} });
    const resourceVersion = item?.meta.resourceVersion ?? '';
    const of = { namespace: cluster.namespace, name: 'acme', resourceVersion, fieldManager: 'controller' };
    const applied = await client.applyStatus({ ...of, status: { observedGeneration: 1 } });
    assert.is(!applied.ok && applied.failure.reason, 'conflict');
    assert.is((await cluster.read('dataactionconfigs', 'acme')).status, undefined);
  });

  define('an Event is created for its object', async (cluster) => {
    await cluster.put('dataactionconfigs', 'acme', { spec: {} });
    const client = open(cluster);
    const [item] = await itemsOf(client, cluster);
    assert.ok(item);
    if (!item) return;
    const created = await client.createEvent({
      regarding: item.meta,
      type: 'Warning',
      reason: 'InvalidSpec',
      action: 'Decide',
      note: 'x'.repeat(2_000),
      controller: 'dataactions.dev/controller',
      instance: 'pod-1',
    });
    assert.ok(created.ok, JSON.stringify(created));
    const stored = await cluster.read('events', created.ok ? created.value.name : '');
    assert.is(stored.reason, 'InvalidSpec');
    assert.is(String(stored.note).length, 1_024);
    assert.is(stored.eventTime, '2026-01-01T00:00:00.000000Z');
    assert.equal(stored.regarding, {
      apiVersion: 'dataactions.dev/v1alpha1',
      kind: 'DataActionConfig',
      namespace: cluster.namespace,
      name: 'acme',
      uid: item.meta.uid,
      resourceVersion: item.meta.resourceVersion,
    });
  });

  define('Events of an object have names in their order, in which `kubectl describe` shows them', async (cluster) => {
    await cluster.put('dataactionconfigs', 'acme', { spec: {} });
    const clock = createManualClock();
    const client = cluster.client(clock);
    const [item] = await itemsOf(client, cluster);
    assert.ok(item);
    if (!item) return;
    const about = {
      type: 'Normal',
      reason: 'Applied',
      action: 'Apply',
      note: '',
      controller: 'a/b',
      instance: 'c',
    } as const;
    const names: string[] = [];
    for (let at = 0; at < 8; at += 1) {
      const created = await client.createEvent({ regarding: item.meta, ...about });
      names.push(created.ok ? created.value.name : created.failure.reason);
      await clock.advance(1);
    }
    assert.equal(names, names.toSorted());
    assert.is(new Set(names).size, names.length);
  });
};

const itemsOf = async (client: KubernetesClient, cluster: KubeCluster) => {
  const page = await client.listPage(dataActionConfigsIn(cluster.namespace), { limit: 1 });
  return page.ok ? page.value.items : [];
};
