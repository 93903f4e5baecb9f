// time limit: 120 s

/** What a reflector does whatever happens to it: it goes on, at a bounded rate, one at a time, until it is stopped. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { secretsIn } from '../../pkg/kubernetes/resource.ts';
import { kubernetesLimits } from '../../pkg/process/limits.ts';
import { createManualClock } from '../../pkg/process/manual-clock.ts';
import type { FakeApiServer } from '../services/fake-api-server.ts';
import { openFaulty, secretsPath } from '../services/faulty-cluster.ts';
import { follow } from '../services/followed.ts';
import { startFakeCluster } from '../services/kube-cluster.ts';

const put = (server: FakeApiServer, name: string): void => void server.store.put(secretsPath, name, { data: {} });
const asked = (server: FakeApiServer, kind: 'list' | 'watch'): number =>
  server.requests.filter((request) => request.kind === kind).length;

test('it asks for bookmarks and for a watch of 5 to 10 minutes, and lists in pages', async () => {
  const { server, followed, close } = await openFaulty();
  await followed.until('the watch', () => server.openWatches === 1);
  const [list, watch] = server.requests.map(({ query }) => Object.fromEntries(query));
  assert.equal(list, { limit: '500', fieldSelector: 'type!=helm.sh/release.v1' });
  const { resourceVersion, timeoutSeconds, allowWatchBookmarks } = watch ?? {};
  assert.equal(
    { resourceVersion, timeoutSeconds, allowWatchBookmarks },
    {
      resourceVersion: server.store.resourceVersion,
      timeoutSeconds: '450',
      allowWatchBookmarks: 'true',
    },
  );
  await close();
});

test('pages that expire on the way are asked for again, of one moment', async () => {
  const { server, followed, truth, close } = await openFaulty({
    prepare: (server) => {
      for (let at = 0; at < 600; at += 1) put(server, `s${at}`);
      server.fail('list', { status: 410 }, { skip: 1 });
    },
  });
  await followed.untilEqual(truth);
  assert.is(asked(server, 'list'), 4);
  assert.is(followed.clock.now(), 0, 'without waiting');
  await close();
});

test('a list whose pages always expire is a failure like others', async () => {
  const { followed, truth, close } = await openFaulty({
    prepare: (server) => server.fail('list', { status: 410 }, { times: kubernetesLimits.pageRestartsMax + 1 }),
  });
  await followed.untilEqual(truth);
  assert.equal(followed.told.slice(0, 3), ['relist start', 'connected false', 'failed gone']);
  await close();
});

test('a bookmark moves the place where the next watch begins', async () => {
  const { server, followed, close } = await openFaulty();
  await followed.until('the watch', () => server.openWatches === 1);
  server.store.compact();
  server.bookmark();
  put(server, 'new');
  const version = server.store.resourceVersion;
  await followed.until('the change', () => followed.versions().get('new') === version);
  await followed.clock.advance(kubernetesLimits.watchShortMs);
  server.endWatches();
  await followed.until('the next watch', () => asked(server, 'watch') === 2 && server.openWatches === 1);
  assert.is(server.requests.at(-1)?.query.get('resourceVersion'), version);
  assert.is(asked(server, 'list'), 1);
  await close();
});

test('a watch that the server ends after a while is opened again at once; one that ends at once is not', async () => {
  const { server, followed, close } = await openFaulty();
  await followed.until('the watch', () => server.openWatches === 1);
  await followed.clock.advance(kubernetesLimits.watchShortMs);
  server.endWatches();
  await followed.until('the next watch', () => asked(server, 'watch') === 2 && server.openWatches === 1);
  assert.is(followed.clock.now(), kubernetesLimits.watchShortMs);
  for (let round = 3; round <= 6; round += 1) {
    server.endWatches();
    const tookMs = await followed.until(
      'the next watch',
      () => asked(server, 'watch') === round && server.openWatches === 1,
    );
    assert.ok(tookMs >= kubernetesLimits.watchBackoffMinMs, `took ${tookMs} ms`);
  }
  assert.not(followed.told.includes('connected false'));
  await close();
});

test('it waits as long as the server asks, and longer after each failure, up to a bound', async () => {
  const { server, followed, close } = await openFaulty({
    prepare: (server) => server.fail('list', { status: 500 }, { times: 12 }),
  });
  const waits: number[] = [];
  for (let failures = 1; failures <= 12; failures += 1) {
    waits.push(await followed.until('the next list', () => asked(server, 'list') > failures));
  }
  assert.ok(
    waits.every((wait, at) => at === 0 || wait >= (waits[at - 1] ?? 0)),
    waits.join(),
  );
  assert.ok((waits[0] ?? 0) >= kubernetesLimits.watchBackoffMinMs);
  assert.ok(Math.max(...waits) <= kubernetesLimits.watchBackoffMaxMs);
  server.fail('watch', { status: 429, retryAfter: '60' });
  const before = followed.clock.now();
  server.endWatches();
  await followed.until('the refusal', () => followed.told.includes('failed throttled'));
  await followed.until('a watch', () => server.openWatches === 1);
  assert.ok(followed.clock.now() - before >= 60_000);
  await close();
});

for (const random of [0, 0.5, 0.999]) {
  test(`a server that cannot be reached is asked on and on, never often and never seldom (random: ${random})`, async () => {
    const outage = 30;
    const { server, followed, truth, close } = await openFaulty({
      prepare: (server) => server.fail('list', 'reset', { times: outage }),
      random: () => random,
    });
    const { watchBackoffMinMs, watchAwayMaxMs, watchBackoffMaxMs } = kubernetesLimits;
    const waits: number[] = [];
    for (let failures = 1; failures <= outage; failures += 1) {
      waits.push(await followed.until('the next list', () => asked(server, 'list') > failures));
    }
    // The clock of the test goes in steps of 100 ms.
    for (const wait of waits) assert.ok(wait >= watchBackoffMinMs && wait < watchAwayMaxMs + 100, waits.join());
    // With no luck at all the waits do not grow.
    assert.is(new Set(waits).size > 1, random > 0, waits.join());
    assert.ok(watchAwayMaxMs < watchBackoffMaxMs);
    await followed.untilEqual(truth);
    await close();
  });
}

test('a list and two watches never run at once, however often it is started', async () => {
  const { server, followed, close } = await openFaulty();
  const started = [followed.reflector.start(), followed.reflector.start()];
  await Promise.all(started);
  await followed.until('the watch', () => server.openWatches === 1);
  assert.is(asked(server, 'list'), 1);
  assert.is(asked(server, 'watch'), 1);
  await close();
});

test('whatever its listeners and transform do, it goes on', async () => {
  const broken: unknown[] = [];
  const fails = (): never => {
    throw new Error('a listener');
  };
  const hooks = {
    onChange: fails,
    onSynced: fails,
    onConnected: fails,
    onRelist: fails,
    onFailure: fails,
    onMissed: fails,
  };
  const cluster = await startFakeCluster();
  put(cluster.fake, 'good');
  put(cluster.fake, 'bad');
  const clock = createManualClock();
  const followed = follow({
    client: cluster.client(clock),
    resource: secretsIn(cluster.namespace),
    clock,
    hooks: {
      ...hooks,
      onBroken: (error) => {
        broken.push(error);
        throw error;
      },
    },
    transform: (manifest, meta) => (meta.name === 'bad' ? fails() : { manifest, meta }),
  });
  await followed.reflector.start();
  assert.equal([...followed.versions().keys()], ['good']);
  assert.is(followed.reflector.store.size, 2);
  cluster.fake.reset();
  put(cluster.fake, 'good');
  await followed.until('the change', () => followed.versions().get('good') === cluster.fake.store.resourceVersion);
  assert.ok(broken.length >= 6);
  await followed.reflector.stop();
  await cluster.close();
});

test('a client that throws, which none may, does not end it', async () => {
  const cluster = await startFakeCluster();
  put(cluster.fake, 'a');
  const clock = createManualClock();
  const client = cluster.client(clock);
  let throws = 3;
  const listPage: typeof client.listPage = async (...args) => {
    throws -= 1;
    if (throws >= 0) throw new Error('a defect');
    return client.listPage(...args);
  };
  const followed = follow({ client: { ...client, listPage }, resource: secretsIn(cluster.namespace), clock });
  void followed.reflector.start();
  await followed.until('the list', () => followed.reflector.synced);
  assert.equal(followed.told.filter((told) => told === 'broken').length, 3);
  await followed.reflector.stop();
  await cluster.close();
});

const phases: Readonly<Record<string, (server: FakeApiServer) => void>> = {
  'a list that is not answered': (server) => server.fail('list', 'silence'),
  'a watch that is not answered': (server) => server.fail('watch', 'silence'),
  'an open watch': () => {},
  'a wait': (server) => server.fail('list', { status: 429, retryAfter: '100' }),
};

for (const [title, prepare] of Object.entries(phases)) {
  test(`it stops at once in ${title}, and then tells nothing`, async () => {
    const { server, followed, close } = await openFaulty({ prepare });
    const { reflector, told, clock } = followed;
    const began = title === 'a list that is not answered' ? 1 : 2;
    if (title === 'a wait') await followed.until('the wait', () => told.includes('failed throttled'));
    else await followed.until('the request', () => server.requests.length === began);
    if (title === 'an open watch') await followed.until('the watch', () => told.includes('connected true'));
    const before = told.length;
    await reflector.stop();
    await reflector.stop();
    assert.is(reflector.state, 'stopped');
    assert.is(clock.pending(), 0);
    put(server, 'late');
    await clock.advance(kubernetesLimits.safetyRelistMaxMs);
    assert.is(told.length, before);
    await reflector.start();
    assert.is(server.requests.length, title === 'a wait' ? 1 : began);
    await close();
  });
}

test('it can be stopped before it is started, and then never starts', async () => {
  const cluster = await startFakeCluster();
  const clock = createManualClock();
  const followed = follow({ client: cluster.client(clock), resource: secretsIn(cluster.namespace), clock });
  assert.is(followed.reflector.state, 'idle');
  await followed.reflector.stop();
  await followed.reflector.start();
  assert.is(followed.reflector.state, 'stopped');
  assert.is(cluster.fake.requests.length, 0);
  await cluster.close();
});

test.run();
