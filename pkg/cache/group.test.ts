import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cacheScope, createCacheGroup, redisFloorKey, redisKey } from './group.ts';

/** Redis Cluster specification, "Hash tags": CRC16 (XMODEM) of what is between the first brace and the next one. */
const slotOf = (key: string): number => {
  const tagged = /\{([^}]+)\}/.exec(key)?.[1] ?? key;
  let crc = 0;
  for (const byte of Buffer.from(tagged)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff;
  }
  return crc % 16_384;
};

const tenantId = '11ef6a32-c573-6d80-b014-0242ac110004';
const base = { tenantId, action: 'get_customers', revision: '5f2c' };

test('names a key by tenant, action, revision, other parameters and key', () => {
  const group = createCacheGroup(base);
  assert.is(redisKey(group, '0b9e'), `dac:{${tenantId}:get_customers}:5f2c:-:0b9e`);
  assert.is(redisFloorKey(group.scope), `dac:{${tenantId}:get_customers}:floor`);
  assert.is(group.scope, cacheScope(tenantId, 'get_customers'));
});

test('puts every key of a scope, and its floor, into one slot of a cluster', () => {
  const groups = [base, { ...base, revision: 'other' }, { ...base, parameters: '["{x}"]' }].map(createCacheGroup);
  const keys = groups.flatMap((group) => ['a', '{b}', '}{', 'c:d', ''].map((key) => redisKey(group, key)));
  const slots = new Set([...keys, redisFloorKey(cacheScope(tenantId, base.action))].map(slotOf));
  assert.is(slotOf('123456789'), 0x31c3);
  assert.is(slots.size, 1);
  assert.is(new Set(keys).size, keys.length);
});

test('cannot be made to name another scope by a colon or a brace in a part', () => {
  const scopes = [cacheScope('a', 'b:c'), cacheScope('a:b', 'c'), cacheScope('a}', 'b'), cacheScope('a', '{b}')];
  assert.is(new Set(scopes).size, scopes.length);
  for (const scope of scopes) assert.match(scope, /^[\w.#-]+:[\w.#-]+$/);
});

test('bounds the length of a Redis key, whatever the key', () => {
  assert.ok(redisKey(createCacheGroup(base), '🎈'.repeat(1_024)).length < 150);
});

test('tells other parameters apart from each other and from none', () => {
  const hashes = [undefined, '', '[]', '["a"]', '-'].map(
    (parameters) => createCacheGroup({ ...base, parameters }).parameters,
  );
  assert.is(hashes[0], '-');
  assert.is(new Set(hashes).size, hashes.length);
});

test.run();
