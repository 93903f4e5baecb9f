import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { metricTable } from './metric-table.ts';
import type { Metrics } from './metrics.ts';
import { createTenantLabels } from './tenant-labels.ts';

const createLabels = (tenantsMax: number) => {
  const forgotten: (readonly [readonly string[], readonly string[]])[] = [];
  const metrics: Pick<Metrics, 'forgetTenants'> = {
    forgetTenants: (names, tenantIds) => void forgotten.push([names, [...tenantIds]]),
  };
  return { labels: createTenantLabels(metrics, tenantsMax), forgotten };
};

test('a configured tenant is itself, an unknown one other', () => {
  const { labels } = createLabels(2);
  const label = labels.add('acme');
  assert.is(label.text, 'acme');
  assert.is(labels.add('acme'), label);
  assert.is(labels.label('acme'), 'acme');
  assert.is(labels.label('nobody'), 'other');
});

test('tenants above the bound share other; those below it stay', () => {
  const { labels } = createLabels(2);
  for (const tenantId of ['a', 'b', 'c', 'a']) labels.add(tenantId);
  assert.equal(['a', 'b', 'c'].map(labels.label), ['a', 'b', 'other']);
  assert.is(labels.add('c').text, 'other');
});

test('tenants that are called as what is no tenant share other, and take no series along', async () => {
  const { labels, forgotten } = createLabels(2);
  for (const tenantId of ['none', 'other']) {
    assert.is(labels.add(tenantId).text, 'other');
    assert.is(labels.label(tenantId), 'other');
    labels.remove(tenantId);
  }
  await Promise.resolve();
  assert.equal(forgotten, []);
  assert.equal([labels.add('a').text, labels.add('b').text], ['a', 'b'], 'nor a place');
});

test('a place that a tenant leaves is taken by the next one added', () => {
  const { labels } = createLabels(1);
  labels.add('a');
  labels.add('b');
  labels.remove('a');
  labels.add('b');
  assert.equal(['a', 'b'].map(labels.label), ['other', 'b']);
});

test('tenants that go take their series of every metric that has them along, all at once', async () => {
  const { labels, forgotten } = createLabels(2);
  labels.add('a');
  labels.add('b');
  labels.remove('a');
  labels.remove('a');
  labels.remove('never there');
  labels.remove('b');
  await Promise.resolve();
  const perTenant = Object.entries(metricTable)
    .filter(([, entry]) => [...entry.labels].join().includes('tenant_id'))
    .map(([name]) => name);
  assert.ok(perTenant.includes('requests_total'));
  assert.equal(forgotten, [[perTenant, ['a', 'b']]]);
});

test('a tenant that comes back at once has lost its series before, and keeps the new ones', async () => {
  const { labels, forgotten } = createLabels(1);
  labels.add('a');
  labels.remove('a');
  labels.add('a');
  assert.equal(forgotten.length, 1);
  await Promise.resolve();
  assert.equal(forgotten.length, 1);
});

test('a request that is answered after its tenant has gone is counted as other: nothing brings the series back', () => {
  const { labels } = createLabels(1);
  const label = labels.add('a');
  labels.remove('a');
  assert.is(label.text, 'other');
  assert.is(labels.add('a').text, 'a');
  assert.is(label.text, 'other');
});

test('a tenant that comes back is itself again', () => {
  const { labels } = createLabels(1);
  labels.add('a');
  labels.remove('a');
  labels.add('a');
  assert.is(labels.label('a'), 'a');
});

test.run();
