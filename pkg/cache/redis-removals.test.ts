import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createCacheGroup } from './group.ts';
import { createRedisRemovals } from './redis-removals.ts';

const setUp = (removes = true) => {
  const sent: (readonly string[])[] = [];
  const ended: unknown[] = [];
  const remove = createRedisRemovals({
    redis: {
      remove: async (group, keys, at) => {
        sent.push([group.prefix, ...keys, String(at)]);
        return removes;
      },
    },
    keysMax: 3,
    onEnd: (group, keys, result) => void ended.push([group.prefix, keys, result]),
  });
  return { sent, ended, remove };
};
const [one, other] = [
  createCacheGroup({ tenantId: 'acme', action: 'find', revision: '1' }),
  createCacheGroup({ tenantId: 'acme', action: 'list', revision: '1' }),
];
const moment = () => Promise.resolve();

test('what is removed in one moment is one command for each group, as of the last of them', async () => {
  const { sent, remove } = setUp();
  remove(one, ['a'], 1);
  remove(other, ['a'], 2);
  remove(one, ['b', 'a'], 3);
  assert.equal(sent, []);
  await moment();
  assert.equal(sent, [
    [one.prefix, 'a', 'b', '3'],
    [other.prefix, 'a', '2'],
  ]);
  remove(one, ['a'], 4);
  await moment();
  assert.equal(sent[2], [one.prefix, 'a', '4']);
});

test('no command has more keys than it may, unless one change has', async () => {
  const { sent, remove } = setUp();
  remove(one, ['a', 'b'], 1);
  remove(one, ['c', 'd'], 2);
  remove(one, ['e', 'f', 'g', 'h'], 3);
  await moment();
  assert.equal(sent, [
    [one.prefix, 'a', 'b', '1'],
    [one.prefix, 'c', 'd', '2'],
    [one.prefix, 'e', 'f', 'g', 'h', '3'],
  ]);
});

for (const removed of [true, false]) {
  test(`says how it ended: ${removed}`, async () => {
    const { ended, remove } = setUp(removed);
    remove(one, ['a'], 1);
    remove(one, ['b'], 2);
    for (let n = 0; n < 5; n++) await moment();
    assert.equal(ended, [[one.prefix, ['a', 'b'], { at: 2, removed }]]);
  });
}

test.run();
