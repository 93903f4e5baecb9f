import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { kubernetesLimits } from '../process/limits.ts';
import { createManualClock } from '../process/manual-clock.ts';
import { type ApiResult, failed, succeeded } from './api-result.ts';
import type { ListPage } from './list-page.ts';
import type { ObjectMeta } from './object-meta.ts';
import { createTell } from './reflector-hooks.ts';
import { secretsIn } from './resource.ts';
import { createStore } from './store.ts';
import type { WatchEnd, WatchOptions } from './watch.ts';
import { runSession } from './watch-session.ts';

const meta = (name: string, resourceVersion: string, uid = `uid-${name}`): ObjectMeta => ({
  namespace: 'here',
  name,
  uid,
  resourceVersion,
});

/** A session over a watch and lists that the test answers. */
const open = (held: readonly ObjectMeta[], from = '10') => {
  const clock = createManualClock();
  const store = createStore<string>();
  for (const each of held) store.set({ meta: each, value: each.resourceVersion });
  const told: string[] = [];
  const lists: ((answer: ApiResult<ListPage>) => void)[] = [];
  const watching = Promise.withResolvers<WatchOptions>();
  const ended = Promise.withResolvers<WatchEnd>();
  const stopping = new AbortController();
  let dueAt = 300_000;
  const session = runSession(
    {
      client: {
        listPage: () => new Promise((resolve) => lists.push(resolve)),
        watch: (_resource, options) => {
          options.signal.addEventListener('abort', () => ended.resolve({ reason: 'stopped' }));
          watching.resolve(options);
          return ended.promise;
        },
      },
      resource: secretsIn('here'),
      clock,
      random: () => 0.5,
      store,
      tell: createTell({
        onChange: (key) => void told.push(key),
        onMissed: (objects) => void told.push(`missed ${objects}`),
        onBroken: () => void told.push('broken'),
      }),
      due: {
        get at() {
          return dueAt;
        },
        postpone: () => {
          dueAt = clock.now() + 300_000;
        },
      },
      signal: stopping.signal,
      hold: (_object, meta) => ({ meta, value: meta.resourceVersion }),
    },
    from,
  );
  const answer = async (metas: readonly ObjectMeta[]) => {
    const items = metas.map((each) => ({ meta: each, object: {} }));
    lists.at(-1)?.(succeeded({ resourceVersion: '99', items }));
    await clock.advance(0);
  };
  return { clock, store, told, lists, watching: watching.promise, ended, stopping, session, answer };
};

type Opened = ReturnType<typeof open>;

const event = async ({ watching }: Opened, type: 'ADDED' | 'MODIFIED' | 'DELETED', about: ObjectMeta): Promise<void> =>
  (await watching).onEvent({ type, meta: about, object: {} });

test('events become keys, and the position goes with them', async () => {
  const opened = open([meta('a', '5'), meta('b', '6')]);
  await event(opened, 'MODIFIED', meta('a', '11'));
  await event(opened, 'ADDED', meta('c', '12'));
  await event(opened, 'DELETED', meta('b', '13'));
  (await opened.watching).onEvent({ type: 'BOOKMARK', resourceVersion: '20' });
  opened.ended.resolve(undefined);
  assert.equal(await opened.session, { end: undefined, position: '20', suspicion: undefined });
  assert.equal(opened.told, ['here/a', 'here/c', 'here/b']);
  assert.equal(opened.store.list(), ['11', '12']);
});

test('an event that says what is held already changes nothing, early or late', async () => {
  const opened = open([meta('a', '11')]);
  await event(opened, 'MODIFIED', meta('a', '11'));
  await event(opened, 'MODIFIED', meta('b', '12'));
  await event(opened, 'MODIFIED', meta('a', '11'));
  await event(opened, 'DELETED', meta('nobody', '3'));
  opened.ended.resolve(undefined);
  assert.equal(await opened.session, { end: undefined, position: '12', suspicion: undefined });
  assert.equal(opened.told, ['here/b']);
});

test('the end of an object that was made anew meanwhile does not remove the new one', async () => {
  const opened = open([meta('a', '11', 'new')]);
  await event(opened, 'DELETED', meta('a', '12', 'old'));
  assert.is(opened.store.size, 1);
  opened.ended.resolve(undefined);
  await opened.session;
});

for (const [title, type, about] of [
  ['an older version', 'MODIFIED', meta('a', '9')],
  ['an object that is not there', 'ADDED', meta('b', '9')],
  ['a removal', 'DELETED', meta('a', '9')],
] as const) {
  test(`an event from before the position ends the session in disorder: ${title}`, async () => {
    const opened = open([meta('a', '10')]);
    await event(opened, type, about);
    await event(opened, 'MODIFIED', meta('a', '12'));
    const { position, suspicion } = await opened.session;
    assert.equal([position, suspicion], ['10', 'disorder']);
    assert.equal(opened.told, [], 'and nothing after it is believed');
  });
}

test('a look that finds no difference changes nothing, and is repeated', async () => {
  const opened = open([meta('a', '5')]);
  (await opened.watching).onOpen();
  for (let looks = 1; looks <= 3; looks += 1) {
    await opened.clock.advance(300_000);
    assert.is(opened.lists.length, looks);
    await opened.answer([meta('a', '5')]);
    await opened.clock.advance(kubernetesLimits.watchLagMs);
  }
  assert.equal(opened.told, []);
  opened.ended.resolve(undefined);
  await opened.session;
  assert.is(opened.clock.pending(), 0);
});

test('what changes while the look goes on is not missed: before the answer, or a moment after it', async () => {
  const opened = open([meta('a', '5'), meta('b', '6'), meta('c', '7')]);
  (await opened.watching).onOpen();
  await opened.clock.advance(300_000);
  await event(opened, 'MODIFIED', meta('a', '11'));
  await opened.answer([meta('a', '5'), meta('b', '12'), meta('d', '13')]);
  await event(opened, 'MODIFIED', meta('b', '12'));
  await event(opened, 'ADDED', meta('d', '13'));
  await event(opened, 'DELETED', meta('c', '14'));
  await opened.clock.advance(kubernetesLimits.watchLagMs);
  assert.equal(opened.told, ['here/a', 'here/b', 'here/d', 'here/c']);
  opened.ended.resolve(undefined);
  assert.is((await opened.session).suspicion, undefined);
});

test('what the watch did not tell is counted, and ends the session', async () => {
  const opened = open([meta('a', '5'), meta('b', '6'), meta('c', '7')]);
  (await opened.watching).onOpen();
  await opened.clock.advance(300_000);
  await opened.answer([meta('a', '11'), meta('b', '6'), meta('d', '12')]);
  await opened.clock.advance(kubernetesLimits.watchLagMs);
  assert.equal(opened.told, ['missed 3']);
  assert.is((await opened.session).suspicion, 'missed');
});

test('a look that fails says nothing about the watch', async () => {
  const opened = open([meta('a', '5')]);
  (await opened.watching).onOpen();
  await opened.clock.advance(300_000);
  opened.lists.at(-1)?.(failed('server_error'));
  await opened.clock.advance(299_999);
  assert.is(opened.lists.length, 1);
  await opened.clock.advance(1);
  assert.is(opened.lists.length, 2);
  opened.stopping.abort();
  assert.equal(await opened.session, { end: { reason: 'stopped' }, position: '10', suspicion: undefined });
  assert.equal(opened.told, []);
  assert.is(opened.clock.pending(), 0);
});

test('there is no look before the watch is open', async () => {
  const opened = open([]);
  await opened.clock.advance(600_000);
  assert.is(opened.lists.length, 0);
  opened.ended.resolve(undefined);
  await opened.session;
});

test.run();
