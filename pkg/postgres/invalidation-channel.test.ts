import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { databaseLimits } from '../process/limits.ts';
import { decodeNotification, encodeNotification, type Notification } from './invalidation-channel.ts';

const { keysMax, keysPerPayload, payloadBytesMax } = databaseLimits.notification;
const base = { tenantId: 'acme', actions: ['find'] };
const keys = (count: number, length = 1) => Array.from({ length: count }, (_, n) => `${n}`.padEnd(length, 'k'));

const roundTrip = (notification: Notification): readonly Notification[] =>
  encodeNotification(notification).map((payload) => {
    assert.ok(Buffer.byteLength(payload) < payloadBytesMax + 100);
    const decoded = decodeNotification(payload);
    if (!decoded.ok) throw new Error(payload);
    return decoded.value;
  });

test('what is encoded decodes to the same', () => {
  for (const notification of [
    base,
    { tenantId: 'acme' },
    { ...base, keys: ['a"b', 'ü'] },
    { ...base, origin: 'x.1' },
  ]) {
    assert.equal(roundTrip(notification), [notification]);
  }
});

test('many keys take several payloads, and all of them arrive', () => {
  const many = keys(2 * keysPerPayload + 1);
  const parts = roundTrip({ ...base, keys: many });
  assert.is(parts.length, 3);
  assert.equal(
    parts.flatMap((part) => part.keys ?? []),
    many,
  );
});

test('too many keys, or too long ones, stand for all keys', () => {
  assert.is(roundTrip({ ...base, keys: keys(keysMax) }).length, keysMax / keysPerPayload);
  for (const given of [keys(keysMax + 1), keys(10, 1_000), ['ü'.repeat(4_000)]]) {
    assert.equal(roundTrip({ ...base, keys: given, origin: 'x.1' }), [{ ...base, origin: 'x.1' }]);
  }
});

test('no keys, no news', () => assert.equal(encodeNotification({ ...base, keys: [] }), []));

test('what is none of ours is refused', () => {
  for (const payload of [
    '',
    'x',
    '[]',
    '{}',
    '{"tenantId":""}',
    '{"tenantId":"a","more":1}',
    '{"tenantId":"a","origin":""}',
    `{"tenantId":"a","origin":"${'x'.repeat(64)}"}`,
    `{"tenantId":"${'a'.repeat(64)}"}`,
  ]) {
    assert.not(decodeNotification(payload).ok, payload);
  }
});

test.run();
