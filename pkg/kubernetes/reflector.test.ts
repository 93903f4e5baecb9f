import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { kubernetesLimits } from '../process/limits.ts';
import { createManualClock } from '../process/manual-clock.ts';
import { succeeded } from './api-result.ts';
import type { ObjectMeta } from './object-meta.ts';
import { createReflector } from './reflector.ts';
import { secretsIn } from './resource.ts';
import type { WatchEnd, WatchOptions } from './watch.ts';

test('a defect on the way of an event into the store is told, and everything is listed again', async () => {
  const clock = createManualClock();
  const defect = new Error('a defect');
  const broken: unknown[] = [];
  const watches: WatchOptions[] = [];
  let lists = 0;
  const reflector = createReflector({
    client: {
      listPage: async () => {
        lists += 1;
        return succeeded({ resourceVersion: '1', items: [] });
      },
      watch: (_resource, options) => {
        watches.push(options);
        options.onOpen();
        return new Promise((resolve) => options.signal.addEventListener('abort', () => resolve({ reason: 'stopped' })));
      },
    },
    resource: secretsIn('here'),
    clock,
    transform: () => 'kept',
    hooks: { onBroken: (error) => void broken.push(error) },
  });
  await reflector.start();
  await clock.advance(0);
  const meta: ObjectMeta = {
    namespace: 'here',
    uid: 'u',
    resourceVersion: '2',
    get name(): string {
      throw defect;
    },
  };
  try {
    watches[0]?.onEvent({ type: 'ADDED', meta, object: {} });
  } catch {
    // client-node's Watch swallows it as well.
  }
  await clock.advance(kubernetesLimits.watchBackoffMaxMs);
  assert.equal([broken, lists, watches.length], [[defect], 2, 2]);
  assert.ok(watches[0]?.signal.aborted);
  await reflector.stop();
  assert.is(clock.pending(), 0);
});

for (const [title, versions, limits] of [
  ['a server that comes back with an earlier state is listed anew', ['100', '60', '60'], [500, 1, 500]],
  ['a server that comes back as it was is not listed again', ['100', '100'], [500, 1]],
] as const) {
  test(title, async () => {
    const clock = createManualClock();
    const asked: number[] = [];
    const watches: string[] = [];
    const ends: ((end: WatchEnd) => void)[] = [];
    const reflector = createReflector({
      client: {
        listPage: async (_resource, { limit }) => {
          asked.push(limit);
          return succeeded({ resourceVersion: versions[asked.length - 1] ?? '', items: [] });
        },
        watch: (_resource, { resourceVersion, signal }) => {
          watches.push(resourceVersion);
          const { promise, resolve } = Promise.withResolvers<WatchEnd>();
          signal.addEventListener('abort', () => resolve({ reason: 'stopped' }));
          ends.push(resolve);
          return promise;
        },
      },
      resource: secretsIn('here'),
      clock,
      transform: () => 'kept',
    });
    await reflector.start();
    await clock.advance(0);
    ends[0]?.({ reason: 'unreachable' });
    await clock.advance(kubernetesLimits.watchAwayMaxMs);
    assert.equal([asked, watches], [limits, ['100', versions.at(-1)]]);
    await reflector.stop();
  });
}

test('a server that comes back with an earlier state, and has passed the position, is looked at within a minute', async () => {
  const clock = createManualClock();
  const metaOf = (uid: string, resourceVersion: string) => ({ namespace: 'here', name: 'a', uid, resourceVersion });
  let held = metaOf('u', '100');
  const ends: ((end: WatchEnd) => void)[] = [];
  const told: string[] = [];
  const reflector = createReflector({
    client: {
      listPage: async () => succeeded({ resourceVersion: '105', items: [{ meta: held, object: {} }] }),
      watch: (_resource, { signal, onOpen }) => {
        const { promise, resolve } = Promise.withResolvers<WatchEnd>();
        signal.addEventListener('abort', () => resolve({ reason: 'stopped' }));
        ends.push(resolve);
        onOpen();
        return promise;
      },
    },
    resource: secretsIn('here'),
    clock,
    transform: (_manifest, { resourceVersion }) => resourceVersion,
    hooks: { onRelist: (reason) => void told.push(reason), onMissed: (objects) => void told.push(`${objects}`) },
  });
  await reflector.start();
  await clock.advance(0);
  // Restored at 90, and changed again: no watch from 105 tells of it.
  held = metaOf('u', '95');
  ends[0]?.({ reason: 'unreachable' });
  await clock.advance(kubernetesLimits.watchAwayMaxMs + kubernetesLimits.safetyRelistMaxMs / 10);
  await clock.advance(kubernetesLimits.watchLagMs);
  assert.equal([reflector.store.get('here/a'), told], ['95', ['start', '1', 'missed']]);
  await reflector.stop();
});

test.run();
