import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { watchConfig } from './watched-config.ts';

const uid = 'a-uid';
const manifestOf = (version: number, { suspend = false, ...metadata }: Readonly<Record<string, unknown>> = {}) => ({
  apiVersion: 'dataactions.dev/v1alpha1',
  kind: 'DataActionConfig',
  metadata: { name: 'a', namespace: 'ns', uid, generation: 5, resourceVersion: String(version), ...metadata },
  spec: { tenantId: 'acme', suspend, webhook: { secretRefs: [{ name: 's', key: 'current' }] } },
});
const metaOf = (version: number) => ({ name: 'a', namespace: 'ns', uid, resourceVersion: String(version) });
const before = watchConfig(manifestOf(100), metaOf(100), undefined);

test('a status that is written, or a label, leaves the declaration the same object', () => {
  const status = { observedGeneration: 5, conditions: [] };
  const told = watchConfig({ ...manifestOf(101, { labels: { team: 'a' } }), status }, metaOf(101), before);
  assert.is(told.reading, before.reading);
  assert.equal(told.status, status);
});

test('an etcd restored from a backup counts generations over again: another spec of the same one is read', () => {
  const { reading } = watchConfig(manifestOf(52, { suspend: true }), metaOf(52), before);
  assert.is(reading.outline.suspend, true);
});

test('what else decides about a declaration is read anew', () => {
  for (const metadata of [{ generation: 6 }, { uid: 'another' }, { deletionTimestamp: '2026-01-01T00:00:00Z' }]) {
    const { reading } = watchConfig(manifestOf(101, metadata), metaOf(101), before);
    assert.is.not(reading, before.reading);
  }
});

test.run();
