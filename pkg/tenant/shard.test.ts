import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type BundleTenant, decodeTenantLine, encodeTenantLine } from './bundle.ts';
import { actionRevision, bundleRevision, canonicalJson, shardRevision, tenantRevision } from './revision.ts';
import { decodeShard, encodeShard, shardOf } from './shard.ts';

const writtenAt = '2026-01-01T00:00:00.000Z';
const tenant = (tenantId: string, fields: Readonly<Record<string, unknown>> = {}): BundleTenant => {
  const line = {
    tenantId,
    revision: '0'.repeat(16),
    source: { namespace: 'default', name: 'x', uid: 'u', generation: 1 },
    webhook: { keys: ['c2VjcmV0'], secretVersions: ['1'] },
    ...fields,
  };
  const read = decodeTenantLine(JSON.stringify(line));
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return { ...read.value, revision: tenantRevision(read.value) };
};

const cxone = { secrets: { clientId: 'YQ==', clientSecret: 'Yg==' }, secretVersion: 'v1' };

test('a tenant survives its line', () => {
  for (const each of [tenant('a'), tenant('b', { cxone, suspend: true })]) {
    assert.equal(decodeTenantLine(encodeTenantLine(each)), { ok: true, value: each });
  }
});

test('a line is closed, and its problems show nothing of it', () => {
  const line = JSON.stringify({ ...tenant('a'), surprise: 's3cr3t', webhook: { keys: ['s3cr3t!'] } });
  const read = decodeTenantLine(line);
  assert.not(read.ok);
  assert.not.match(JSON.stringify(read), 's3cr3t');
  for (const broken of ['', '{', 'null', '[]']) assert.not(decodeTenantLine(broken).ok);
});

test('a tenant always has the same shard', () => {
  assert.is(shardOf('acme'), 2);
  const shards = new Set(Array.from({ length: 2000 }, (_, at) => shardOf(`tenant-${at}`)));
  assert.is(shards.size, 64);
  assert.ok([...shards].every((shard) => shard >= 0 && shard < 64));
});

test('a shard holds its tenants in order, one a line', () => {
  const read = decodeShard(encodeShard([tenant('b'), tenant('a'), tenant('B')], writtenAt));
  assert.ok(read.ok);
  const ids = read.ok ? read.value.lines.map((line) => JSON.parse(line).tenantId) : [];
  assert.equal(ids, ['B', 'a', 'b']);
  assert.is(read.ok && read.value.count, 3);
});

test('an empty shard is a shard', () => {
  const read = decodeShard(encodeShard([], writtenAt));
  assert.equal(read.ok && read.value.lines, []);
});

test('a shard cut anywhere is refused', () => {
  const whole = encodeShard([tenant('a'), tenant('b')], writtenAt);
  for (let end = 0; end < whole.length; end += 1) assert.not(decodeShard(whole.slice(0, end)).ok, String(end));
  assert.not(decodeShard(`${whole}\n`).ok);
  assert.not(decodeShard(whole + whole).ok);
});

test('a flipped byte is refused or changes no tenant', () => {
  const tenants = [tenant('a'), tenant('b', { cxone })];
  const bytes = Buffer.from(encodeShard(tenants, writtenAt));
  const expected = decodeShard(bytes.toString());
  void fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const torn = Buffer.from(bytes);
      torn.writeUInt8(torn.readUInt8(at) ^ flip, at);
      const read = decodeShard(torn.toString());
      if (read.ok) assert.equal(read, expected);
    }),
    { numRuns: 2000 },
  );
});

test('a revision follows every part of a tenant but the values of its secrets', () => {
  const base = tenant('a', { cxone });
  const same = [
    tenant('a', { cxone, webhook: { keys: ['b3RoZXI='], secretVersions: ['1'] } }),
    tenant('a', { cxone: { ...cxone, secrets: { clientId: 'eA==', clientSecret: 'eQ==' } } }),
  ];
  const other = [
    tenant('b', { cxone }),
    tenant('a'),
    tenant('a', { cxone, suspend: true }),
    tenant('a', { cxone, webhook: { keys: ['c2VjcmV0'], secretVersions: ['2'] } }),
    tenant('a', { cxone: { ...cxone, secretVersion: 'v2' } }),
    tenant('a', { cxone, source: { namespace: 'default', name: 'x', uid: 'u', generation: 2 } }),
    tenant('a', { cxone, limits: { burst: 1 } }),
  ];
  for (const each of same) assert.is(each.revision, base.revision);
  assert.is(new Set([base, ...other].map(({ revision }) => revision)).size, other.length + 1);
});

test('the order of fields does not change a revision', () => {
  const { actions, limits, ...rest } = tenant('a');
  assert.is(tenantRevision({ actions, limits, ...rest }), tenantRevision({ ...rest, limits, actions }));
  assert.is(canonicalJson({ b: [{ d: 1, c: 2 }], a: 1 }), '{"a":1,"b":[{"c":2,"d":1}]}');
});

test('an action has the same revision in every tenant', () => {
  const [a] = tenant('a').actions;
  const [b] = tenant('b', { suspend: true }).actions;
  assert.ok(a && b);
  if (a && b) assert.is(actionRevision(a), actionRevision(b));
  if (a) assert.is.not(actionRevision(a), actionRevision({ ...a, name: 'other' }));
});

test('the revisions of shard and bundle follow those of the tenants', () => {
  const one = { tenantId: 'a', revision: '1' };
  assert.is.not(shardRevision([one]), shardRevision([{ ...one, revision: '2' }]));
  assert.is.not(shardRevision([one]), shardRevision([]));
  assert.is.not(bundleRevision(['1', '2']), bundleRevision(['2', '1']));
  assert.match(bundleRevision([]), /^[0-9a-f]{16}$/);
});

test.run();
