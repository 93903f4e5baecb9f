/**
 * What every RedisTier does, run on the real one and on its stand-in. `open` gives an empty one for each test.
 */
import * as assert from 'uvu/assert';
import { cacheLimits } from '../process/limits.ts';
import type { CacheEntry } from './entry.ts';
import { createCacheGroup } from './group.ts';
import type { RedisTier } from './redis-tier.ts';

type DefineTest = (title: string, handler: () => Promise<void>) => void;

const group = createCacheGroup({ tenantId: 'acme', action: 'get', revision: 'r1' });

export const redisTierContract = (test: DefineTest, open: () => Promise<RedisTier>, now: () => number): void => {
  const entry = (text: string | null, readAt = Math.floor(now())): CacheEntry => ({
    text,
    life: { readAt, freshUntil: readAt + 60_000, staleUntil: readAt + 120_000 },
  });
  const textsOf = async (tier: RedisTier, keys: readonly string[], of = group) =>
    Object.fromEntries([...(await tier.read(of, keys)).entries].map(([key, { text }]) => [key, text]));

  test('gives back rows and known absences with their times, and nothing for other keys', async () => {
    const tier = await open();
    const [row, none] = [entry('{"name":"Zoë 🎈 \\u0000"}'), entry(null)];
    assert.is(
      await tier.write(group, [
        ['a', row],
        ['b', none],
      ]),
      true,
    );
    const read = await tier.read(group, ['b', 'c', 'a']);
    assert.is(read.outcome, 'answered');
    assert.is(read.floor, 0);
    assert.equal(Object.fromEntries(read.entries), { a: row, b: none });
  });

  test('rows of one read have one lifetime again', async () => {
    const tier = await open();
    const { life } = entry('1');
    await tier.write(group, [
      ['a', { text: '1', life }],
      ['b', { text: '2', life }],
    ]);
    const { entries } = await tier.read(group, ['a', 'b']);
    assert.equal(entries.get('b')?.life, life);
    assert.is(entries.get('a')?.life, entries.get('b')?.life);
  });

  test('keeps keys of any text apart, and from the floor', async () => {
    const tier = await open();
    const keys = [
      'floor',
      ':floor',
      'a:b',
      'a',
      '{a}',
      '}',
      'a b',
      'a\r\nb',
      'é',
      'x'.repeat(1_024),
      'x'.repeat(1_023),
      '#',
    ];
    await tier.write(
      group,
      keys.map((key, index) => [key, entry(String(index))]),
    );
    assert.equal(await textsOf(tier, keys), Object.fromEntries(keys.map((key, index) => [key, String(index)])));
    assert.is((await tier.read(group, keys)).floor, 0);
  });

  test('keeps tenants, actions, revisions and other parameters apart', async () => {
    const tier = await open();
    const base = { tenantId: 'acme', action: 'get', revision: 'r1' };
    const others = [{ tenantId: 'acme2' }, { action: 'get2' }, { revision: 'r2' }, { parameters: '["de"]' }];
    await tier.write(group, [['a', entry('1')]]);
    for (const other of others) assert.equal(await textsOf(tier, ['a'], createCacheGroup({ ...base, ...other })), {});
  });

  test('keeps what was read later, whichever is written last', async () => {
    const tier = await open();
    const at = Math.floor(now());
    await tier.write(group, [['a', entry('new', at)]]);
    await tier.write(group, [['a', entry('old', at - 1)]]);
    assert.equal(await textsOf(tier, ['a']), { a: 'new' });
    await tier.write(group, [['a', entry('newest', at + 1)]]);
    assert.equal(await textsOf(tier, ['a']), { a: 'newest' });
  });

  test('refuses for a removed key what was read before the removal, by the clock of any pod, and takes what was read after', async () => {
    const tier = await open();
    const at = Math.floor(now());
    await tier.write(group, [['a', entry('old', at - 1)]]);
    assert.is(await tier.remove(group, ['a', 'b'], at), true);
    assert.equal(await textsOf(tier, ['a', 'b']), {});
    const skewed = at + cacheLimits.clockSkewMs;
    for (const key of ['a', 'b']) await tier.write(group, [[key, entry('old', skewed)]]);
    assert.equal(await textsOf(tier, ['a', 'b']), {});
    await tier.write(group, [['a', entry('new', skewed + 1)]]);
    assert.equal(await textsOf(tier, ['a', 'b']), { a: 'new' });
  });

  test('raises a floor and never lowers it, for its scope alone', async () => {
    const tier = await open();
    const at = Math.floor(now());
    const floorOf = async (action: string) =>
      (await tier.read(createCacheGroup({ tenantId: 'acme', action, revision: 'r' }), ['a'])).floor;
    assert.is(await tier.raiseFloor(group.scope, at + 0.5), true);
    assert.is(await floorOf('get'), at + 1);
    await tier.raiseFloor(group.scope, at);
    assert.is(await floorOf('get'), at + 1);
    await tier.raiseFloor(group.scope, at + 7);
    assert.is(await floorOf('get'), at + 7);
    assert.is(await floorOf('other'), 0);
  });
};
