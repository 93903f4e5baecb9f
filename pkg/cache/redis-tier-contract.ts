/**
 * What every RedisTier does, run on the real one and on its stand-in. `open` gives an empty one for each test.
 */
import * as assert from 'uvu/assert';
import { cacheLimits } from '../process/limits.ts';
import type { CacheEntry, KeyedEntry } from './entry.ts';
import { createCacheGroup } from './group.ts';
import type { RedisRead, RedisTier } from './redis-tier.ts';

type DefineTest = (title: string, handler: () => Promise<void>) => void;

interface Opened {
  readonly tier: RedisTier;
  /** From now on every command fails. */
  breakDown(): void;
}

const group = createCacheGroup({ tenantId: 'acme', action: 'get', revision: 'r1' });
const others = createCacheGroup({ tenantId: 'umbrella', action: 'list', revision: 'r1' });

export const redisTierContract = (test: DefineTest, open: () => Promise<Opened>, now: () => number): void => {
  const entry = (text: string | null, readAt = Math.floor(now())): CacheEntry => ({
    text,
    life: { readAt, freshUntil: readAt + 60_000, staleUntil: readAt + 120_000 },
  });
  const read = async (tier: RedisTier, keys: readonly string[], of = group): Promise<RedisRead> => {
    const [only, ...more] = await tier.read([{ group: of, keys }]);
    assert.ok(only && more.length === 0, 'one for each');
    return only;
  };
  const write = (tier: RedisTier, entries: readonly KeyedEntry[]) => tier.write([{ group, entries }]);
  const textsIn = ({ entries }: RedisRead) => Object.fromEntries([...entries].map(([key, { text }]) => [key, text]));
  const textsOf = async (tier: RedisTier, keys: readonly string[], of = group) => textsIn(await read(tier, keys, of));

  test('gives back rows and known absences with their times, and nothing for other keys', async () => {
    const { tier } = await open();
    const [row, none] = [entry('{"name":"Zoë 🎈 \\u0000"}'), entry(null)];
    assert.is(
      await write(tier, [
        ['a', row],
        ['b', none],
      ]),
      true,
    );
    const { outcome, floor, entries } = await read(tier, ['b', 'c', 'a']);
    assert.is(outcome, 'answered');
    assert.is(floor, 0);
    assert.equal(Object.fromEntries(entries), { a: row, b: none });
  });

  test('rows of one read have one lifetime again', async () => {
    const { tier } = await open();
    const { life } = entry('1');
    await write(tier, [
      ['a', { text: '1', life }],
      ['b', { text: '2', life }],
    ]);
    const { entries } = await read(tier, ['a', 'b']);
    assert.equal(entries.get('b')?.life, life);
    assert.is(entries.get('a')?.life, entries.get('b')?.life);
  });

  test('keeps keys of any text apart, and from the floor', async () => {
    const { tier } = await open();
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
    await write(
      tier,
      keys.map((key, index) => [key, entry(String(index))]),
    );
    assert.equal(await textsOf(tier, keys), Object.fromEntries(keys.map((key, index) => [key, String(index)])));
    assert.is((await read(tier, keys)).floor, 0);
  });

  test('keeps tenants, actions, revisions and other parameters apart', async () => {
    const { tier } = await open();
    const base = { tenantId: 'acme', action: 'get', revision: 'r1' };
    const changes = [{ tenantId: 'acme2' }, { action: 'get2' }, { revision: 'r2' }, { parameters: '["de"]' }];
    await write(tier, [['a', entry('1')]]);
    for (const change of changes)
      assert.equal(await textsOf(tier, ['a'], createCacheGroup({ ...base, ...change })), {});
  });

  test('keeps what was read later, whichever is written last', async () => {
    const { tier } = await open();
    const at = Math.floor(now());
    await write(tier, [['a', entry('new', at)]]);
    await write(tier, [['a', entry('old', at - 1)]]);
    assert.equal(await textsOf(tier, ['a']), { a: 'new' });
    await write(tier, [['a', entry('newest', at + 1)]]);
    assert.equal(await textsOf(tier, ['a']), { a: 'newest' });
  });

  test('refuses for a removed key what was read before the removal, by the clock of any pod, and takes what was read after', async () => {
    const { tier } = await open();
    const at = Math.floor(now());
    await write(tier, [['a', entry('old', at - 1)]]);
    assert.is(await tier.remove(group, ['a', 'b'], at), true);
    assert.equal(await textsOf(tier, ['a', 'b']), {});
    const skewed = at + cacheLimits.clockSkewMs;
    for (const key of ['a', 'b']) await write(tier, [[key, entry('old', skewed)]]);
    assert.equal(await textsOf(tier, ['a', 'b']), {});
    await write(tier, [['a', entry('new', skewed + 1)]]);
    assert.equal(await textsOf(tier, ['a', 'b']), { a: 'new' });
  });

  test('raises a floor and never lowers it, for its scope alone', async () => {
    const { tier } = await open();
    const at = Math.floor(now());
    const floorOf = async (action: string) =>
      (await read(tier, ['a'], createCacheGroup({ tenantId: 'acme', action, revision: 'r' }))).floor;
    assert.is(await tier.raiseFloor(group.scope, at + 0.5), true);
    assert.is(await floorOf('get'), at + 1);
    await tier.raiseFloor(group.scope, at);
    assert.is(await floorOf('get'), at + 1);
    await tier.raiseFloor(group.scope, at + 7);
    assert.is(await floorOf('get'), at + 7);
    assert.is(await floorOf('other'), 0);
  });

  test('writes of several groups at once, and gives each of several its own entries and floor, in the order asked', async () => {
    const { tier } = await open();
    const at = Math.floor(now());
    await tier.raiseFloor(others.scope, at);
    const german = createCacheGroup({ tenantId: 'acme', action: 'get', revision: 'r1', parameters: '["de"]' });
    const written = await tier.write([
      { group, entries: [['a', entry('1')]] },
      {
        group: others,
        entries: [
          ['a', entry('2')],
          ['b', entry('3')],
        ],
      },
      { group: german, entries: [['a', entry(null)]] },
      { group, entries: [['c', entry('4')]] },
    ]);
    assert.is(written, true);
    const reads = await tier.read([
      { group: others, keys: ['b', 'c', 'a'] },
      { group: german, keys: ['a', 'b'] },
      { group, keys: ['c', 'a', 'b'] },
    ]);
    assert.equal(
      reads.map((each) => [each.outcome, each.floor, textsIn(each)]),
      [
        ['answered', at, { a: '2', b: '3' }],
        ['answered', 0, { a: null }],
        ['answered', 0, { a: '1', c: '4' }],
      ],
    );
  });

  test('of several entries of one key in one write, the one that was read last stays', async () => {
    const { tier } = await open();
    const at = Math.floor(now());
    for (const [key, first, second] of [
      ['a', at, at + 1],
      ['b', at + 1, at],
    ] as const) {
      await tier.write([
        { group, entries: [[key, entry(`first ${first - at}`, first)]] },
        { group, entries: [[key, entry(`second ${second - at}`, second)]] },
      ]);
    }
    assert.equal(await textsOf(tier, ['a', 'b']), { a: 'second 1', b: 'first 1' });
  });

  test('a fault is an error for each of the groups read, and a write says that it failed', async () => {
    const { tier, breakDown } = await open();
    breakDown();
    const nothing: RedisRead = { outcome: 'error', entries: new Map(), floor: 0 };
    const keys = ['a'];
    assert.equal(
      await tier.read([
        { group, keys },
        { group: others, keys },
      ]),
      [nothing, nothing],
    );
    const entries = [['a', entry('1')]] as const;
    assert.is(
      await tier.write([
        { group, entries },
        { group: others, entries },
      ]),
      false,
    );
  });
};
