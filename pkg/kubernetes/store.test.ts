import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createStore, type Held } from './store.ts';

const held = (name: string, resourceVersion: string, uid = `uid-${name}`): Held<object> => ({
  meta: { namespace: 'here', name, uid, resourceVersion },
  value: { name, resourceVersion },
});

test('a value stays the same for as long as its version does', () => {
  const store = createStore<object>();
  const a = held('a', '1');
  assert.ok(store.set(a));
  assert.not(store.set(held('a', '1')));
  assert.equal(store.replace([held('a', '1'), held('b', '2')]), ['here/b']);
  assert.is(store.get('here/a'), a.value);
  assert.ok(store.set(held('a', '3')));
  assert.is.not(store.get('here/a'), a.value);
});

test('an object made anew under the same name is another one, whatever its version', () => {
  const store = createStore<object>();
  store.set(held('a', '1'));
  assert.ok(store.set(held('a', '1', 'other')));
  assert.equal(store.replace([held('a', '1')]), ['here/a']);
});

test('what was replaced tells what was added, changed and removed', () => {
  const store = createStore<object>();
  for (const name of ['kept', 'changed', 'removed']) store.set(held(name, '1'));
  const changed = store.replace([held('kept', '1'), held('changed', '2'), held('added', '3')]);
  assert.equal([...changed].sort(), ['here/added', 'here/changed', 'here/removed']);
  assert.is(store.size, 3);
  assert.is(store.get('here/removed'), undefined);
});

test('another value of the version that is held is taken, of another version it is not', () => {
  const store = createStore<object>();
  store.set(held('a', '1'));
  const value = { more: true };
  assert.ok(store.renew({ ...held('a', '1'), value }));
  assert.is(store.get('here/a'), value);
  assert.not(store.renew(held('a', '2')));
  assert.not(store.renew(held('nobody', '1')));
  assert.is(store.size, 1);
});

test('differences are other versions, and keys that only one side has; not those that changed meanwhile', () => {
  const store = createStore<object>();
  for (const name of ['same', 'other', 'extra']) store.set(held(name, '1'));
  const listed = [held('same', '1'), held('other', '2'), held('missing', '3')].map(({ meta }) => meta);
  assert.is(store.differences(listed, new Set()), 3);
  assert.is(store.differences(listed, new Set(['here/other', 'here/extra'])), 1);
  assert.is(store.differences(listed, new Set(['here/other', 'here/extra', 'here/missing'])), 0);
});

test('an object of which nothing is kept is there, and not in the list', () => {
  const store = createStore<object>();
  store.set({ ...held('a', '1'), value: undefined });
  assert.equal([store.size, store.list(), store.get('here/a')], [1, [], undefined]);
  assert.ok(store.delete('here/a'));
  assert.not(store.delete('here/a'));
});

test.run();
