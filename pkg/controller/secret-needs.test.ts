import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readConfig } from './candidate.ts';
import { keepSecret } from './kept-secret.ts';
import { createNeedsIndex, needsOf } from './secret-needs.ts';

const object = (spec: object, metadata: object = {}): object => ({
  apiVersion: 'dataactions.dev/v1alpha1',
  kind: 'DataActionConfig',
  metadata: { name: 'a', namespace: 'ns', uid: 'u', generation: 1, ...metadata },
  spec: { tenantId: 'acme', ...spec },
});
const ref = (name: string, key: string) => ({ name, key });
const cxone = { issuer: 'https://cxone.niceincontact.com', secretRef: { name: 'api' } };

test('needed are the keys that are referred to, of each Secret together', () => {
  const needs = needsOf([
    readConfig(object({ webhook: { secretRefs: [ref('s', 'current'), ref('s', 'previous')] }, cxone })),
    readConfig(object({ webhook: { secretRefs: [ref('s', 'current'), ref('t', 'x')] } })),
  ]);
  assert.equal([...(needs.get('ns/s') ?? [])], ['current', 'previous']);
  assert.equal([...(needs.get('ns/t') ?? [])], ['x']);
  assert.equal([...(needs.get('ns/api') ?? [])].sort(), [
    'access-key-id',
    'access-key-secret',
    'client-id',
    'client-secret',
  ]);
  assert.is(needs.size, 3);
});

test('of an invalid spec the keys that can be told; of what is no object, none', () => {
  const needs = needsOf(
    [object({ surprise: 1, webhook: { secretRefs: [ref('s', 'current')] } }), 'x', null].map(readConfig),
  );
  assert.equal([...needs.keys()], ['ns/s']);
});

test('changed are Secrets of which more, less or nothing is needed, by all that refer to them together', () => {
  const index = createNeedsIndex();
  const changes = () =>
    Object.fromEntries([...index.takeChanges()].map(([secret, keys]) => [secret, [...keys].sort()]));
  const refer = (secret: string, ...keys: readonly string[]) => ({ secret, keys });
  index.set('x', [refer('s', 'a'), refer('s', 'b'), refer('t', 'a')]);
  index.set('y', [refer('s', 'b', 'c')]);
  assert.equal(changes(), { s: ['a', 'b', 'c'], t: ['a'] });
  assert.equal([...index.referrers('s')], ['x', 'y']);
  assert.equal(changes(), {});
  index.set('x', [refer('s', 'b'), refer('u', 'a')]);
  assert.equal(changes(), { s: ['b', 'c'], t: [], u: ['a'] });
  index.set('x', [refer('s', 'c'), refer('u', 'a')]);
  assert.equal(changes(), {}, 'others need the same');
  index.set('y', []);
  assert.equal(changes(), { s: ['c'] });
  index.set('x', []);
  assert.equal(changes(), { s: [], u: [] });
  assert.equal([...index.referrers('s')], []);
});

const meta = { name: 's', namespace: 'ns', uid: 'u-1', resourceVersion: '7' };
const base64 = (text: string) => Buffer.from(text).toString('base64');

test("of a Secret nothing is kept but the values asked for; its version is the API server's", () => {
  const manifest = { data: { current: base64('v1'), other: base64('v2'), number: 5 } };
  const kept = keepSecret(manifest, meta, new Set(['current', 'missing', 'number', 'toString']));
  assert.equal(
    [...kept.data].map(([key, value]) => [key, Buffer.from(value).toString()]),
    [['current', 'v1']],
  );
  assert.is(kept.version, 'u-1/7');
  assert.is(kept.keys.has('missing'), true);
  for (const empty of [{}, { data: null }, { data: 'x' }]) assert.is(keepSecret(empty, meta, kept.keys).data.size, 0);
});

test.run();
