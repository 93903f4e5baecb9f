/**
 * What a reflector does over an API server that does its work. Run over the real one and over the fake.
 */
import * as assert from 'uvu/assert';
import { dataActionConfigsIn, secretsIn } from '../../pkg/kubernetes/resource.ts';
import { createManualClock } from '../../pkg/process/manual-clock.ts';
import { type Followed, follow } from '../services/followed.ts';
import type { KubeCluster } from '../services/kube-cluster.ts';

export type Define = (title: string, handler: (cluster: KubeCluster) => Promise<void>) => void;

const secret = (value: string) => ({ data: { current: Buffer.from(value).toString('base64') } });
const basicAuth = { data: { username: 'YQ==', password: 'Yg==' } };
const config = (tenantId: string) => ({ spec: { tenantId } });

const following = async (cluster: KubeCluster, collection: 'secrets' | 'dataactionconfigs'): Promise<Followed> => {
  const clock = createManualClock();
  const resource = collection === 'secrets' ? secretsIn(cluster.namespace) : dataActionConfigsIn(cluster.namespace);
  const followed = follow({ client: cluster.client(clock), resource, clock });
  await followed.reflector.start();
  return followed;
};

export const reflectorContract = (define: Define): void => {
  for (const collection of ['secrets', 'dataactionconfigs'] as const) {
    const fields = collection === 'secrets' ? secret : config;
    const truthOf = (cluster: KubeCluster) => () => cluster.truth(collection);

    define(`${collection}: what is there is listed, and what changes is followed`, async (cluster) => {
      for (const name of ['a', 'b', 'c']) await cluster.put(collection, name, fields(name));
      const followed = await following(cluster, collection);
      await followed.untilEqual(truthOf(cluster));
      const [before] = followed.reflector.store.list();
      await cluster.put(collection, 'b', fields('changed'));
      await cluster.remove(collection, 'c');
      await cluster.put(collection, 'd', fields('d'));
      await followed.untilEqual(truthOf(cluster));
      assert.equal([...followed.versions().keys()].sort(), ['a', 'b', 'd']);
      assert.is(
        followed.reflector.store.get(`${cluster.namespace}/a`),
        before,
        'what did not change is the same object',
      );
      const changes = followed.told.filter((told) => told.startsWith('change'));
      assert.equal(
        changes.slice(0, 3).sort(),
        ['a', 'b', 'c'].map((name) => `change ${cluster.namespace}/${name}`),
      );
      assert.equal(
        changes.slice(3),
        ['b', 'c', 'd'].map((name) => `change ${cluster.namespace}/${name}`),
      );
      assert.equal(
        followed.told.filter((told) => told.startsWith('relist')),
        ['relist start'],
      );
      await followed.reflector.stop();
    });
  }

  define('a Secret is the same manifest from a list and from a watch', async (cluster) => {
    await cluster.put('secrets', 'listed', secret('one'));
    const followed = await following(cluster, 'secrets');
    await cluster.put('secrets', 'watched', secret('two'));
    await followed.untilEqual(() => cluster.truth('secrets'));
    for (const [name, value] of [
      ['listed', 'one'],
      ['watched', 'two'],
    ] as const) {
      const kept = followed.reflector.store.get(`${cluster.namespace}/${name}`);
      assert.equal(kept?.manifest, {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: kept?.meta,
        data: secret(value).data,
      });
    }
    await followed.reflector.stop();
  });

  define('one Secret can be followed by its name', async (cluster) => {
    for (const name of ['mine', 'other']) await cluster.put('secrets', name, secret(name));
    const clock = createManualClock();
    const followed = follow({ client: cluster.client(clock), resource: secretsIn(cluster.namespace, 'mine'), clock });
    await followed.reflector.start();
    await cluster.put('secrets', 'mine', secret('changed'));
    const mine = async () => new Map([...(await cluster.truth('secrets'))].filter(([name]) => name === 'mine'));
    await followed.untilEqual(mine);
    assert.is(followed.reflector.store.size, 1);
    await followed.reflector.stop();
  });

  define('releases of Helm are neither listed nor followed', async (cluster) => {
    const release = { type: 'helm.sh/release.v1', ...secret('a release') };
    await cluster.put('secrets', 'listed', secret('a'));
    await cluster.put('secrets', 'release-1', release);
    const followed = await following(cluster, 'secrets');
    await followed.until('the watch', () => followed.told.includes('connected true'));
    await cluster.put('secrets', 'release-2', release);
    await cluster.put('secrets', 'release-1', { ...release, ...secret('superseded') });
    await cluster.put('secrets', 'watched', { type: 'kubernetes.io/basic-auth', ...basicAuth });
    await followed.until('the last one', () => followed.versions().has('watched'));
    await cluster.remove('secrets', 'release-1');
    await cluster.remove('secrets', 'watched');
    await followed.until('its end', () => !followed.versions().has('watched'));
    assert.equal([...followed.versions().keys()], ['listed']);
    const keys = ['listed', 'watched', 'watched'].map((name) => `change ${cluster.namespace}/${name}`);
    assert.equal(
      followed.told.filter((told) => told.startsWith('change')),
      keys,
    );
    await followed.reflector.stop();
  });

  define('more objects than a page holds are all there, and of one moment', async (cluster) => {
    const names = Array.from({ length: 502 }, (_, at) => `s${at}`);
    await Promise.all(names.map((name) => cluster.put('secrets', name, secret(name))));
    const followed = await following(cluster, 'secrets');
    await cluster.put('secrets', 's500', secret('changed'));
    await followed.untilEqual(() => cluster.truth('secrets'));
    assert.is(followed.reflector.store.size, 502);
    await followed.reflector.stop();
  });

  define('after every connection broke, it goes on where it was', async (cluster) => {
    await cluster.put('secrets', 'before', secret('a'));
    const followed = await following(cluster, 'secrets');
    await followed.until('the watch', () => followed.told.includes('connected true'));
    await cluster.interrupt();
    await cluster.put('secrets', 'meanwhile', secret('b'));
    await cluster.remove('secrets', 'before');
    await followed.untilEqual(() => cluster.truth('secrets'));
    assert.ok(followed.told.includes('connected false'));
    await followed.until(
      'the watch',
      () => followed.told.at(-1) === 'connected true' || followed.reflector.state === 'watching',
    );
    await cluster.put('secrets', 'after', secret('c'));
    await followed.untilEqual(() => cluster.truth('secrets'));
    await followed.reflector.stop();
  });

  define(
    'an object is passed through transform again when asked, as long as it is the same version',
    async (cluster) => {
      await cluster.put('secrets', 'a', secret('x'));
      const clock = createManualClock();
      let keeps = false;
      const followed = follow({
        client: cluster.client(clock),
        resource: secretsIn(cluster.namespace),
        clock,
        transform: (manifest, meta) => (keeps ? { manifest, meta } : undefined),
      });
      await followed.reflector.start();
      const key = `${cluster.namespace}/a`;
      assert.is(followed.reflector.store.size, 1);
      assert.is(followed.reflector.store.get(key), undefined);
      keeps = true;
      assert.equal(await followed.reflector.reread(key), { ok: true, value: true });
      assert.is(followed.reflector.store.get(key)?.meta.name, 'a');
      assert.equal(await followed.reflector.reread(`${cluster.namespace}/nobody`), { ok: true, value: false });
      await followed.reflector.stop();
    },
  );

  define('a look at everything finds nothing missing, and disturbs nothing', async (cluster) => {
    await cluster.put('secrets', 'a', secret('a'));
    const clock = createManualClock();
    const client = cluster.client(clock);
    let lists = 0;
    const listPage: typeof client.listPage = async (...args) => {
      const page = await client.listPage(...args);
      lists += 1;
      return page;
    };
    const resource = secretsIn(cluster.namespace);
    const followed = follow({ client: { ...client, listPage }, resource, clock });
    await followed.reflector.start();
    const before = followed.reflector.store.get(`${cluster.namespace}/a`);
    for (let halfMinute = 1; halfMinute <= 17; halfMinute += 1) {
      await cluster.put('secrets', 'tick', secret(`${halfMinute}`));
      await followed.untilEqual(() => cluster.truth('secrets'));
      if (halfMinute === 16) await followed.until('the look', () => lists === 2);
      await clock.advance(30_000);
    }
    assert.equal(
      followed.told.filter((told) => !told.startsWith('change')),
      ['relist start', 'synced', 'connected true'],
    );
    assert.is(followed.reflector.store.get(`${cluster.namespace}/a`), before);
    await followed.reflector.stop();
  });

  define('what no longer exists as a version is gone', async (cluster) => {
    const clock = createManualClock();
    const client = cluster.client(clock);
    const end = await client.watch(secretsIn(cluster.namespace), {
      resourceVersion: '1',
      timeoutSeconds: 1,
      signal: new AbortController().signal,
      onOpen: () => {},
      onEvent: () => {},
    });
    assert.is(end?.reason, 'gone');
  });
};

export const defineWith =
  (open: () => Promise<KubeCluster>, define: (title: string, handler: () => Promise<void>) => void): Define =>
  (title, handler) =>
    define(title, async () => {
      const cluster = await open();
      try {
        await handler(cluster);
      } finally {
        await cluster.close();
      }
    });
