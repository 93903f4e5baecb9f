// time limit: 120 s
/**
 * What is gathered from an API server that fails on demand, both ways of watching Secrets: referenced keys alone are kept, and nobody is told
 * that a Secret is missing which only could not be read yet.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Reading } from '../../pkg/controller/candidate.ts';
import { decideReadings } from '../../pkg/controller/decide.ts';
import { createGather, type Gather, type SecretsWatch } from '../../pkg/controller/gather.ts';
import { systemClock } from '../../pkg/process/clock.ts';
import { startFakeCluster } from '../services/kube-cluster.ts';
import { until } from '../services/until.ts';

type Cluster = Awaited<ReturnType<typeof startFakeCluster>>;

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const spec = (name: string, ...keys: readonly string[]) => ({
  spec: { tenantId: name, webhook: { secretRefs: keys.map((key) => ({ name, key })) } },
});
const data = (...keys: readonly string[]) => ({
  data: Object.fromEntries(keys.map((key) => [key, base64(`the value of ${key}, long enough`)])),
});

interface Scene {
  readonly cluster: Cluster;
  readonly gather: Gather;
  /** All that is gathered. */
  look(): readonly Reading[];
  /** Reasons by object; those that are not gathered are not there. */
  reasons(): Readonly<Record<string, string>>;
  untilReasons(wanted: Readonly<Record<string, string>>): Promise<void>;
  /** Every reason that an object has ever had since the start, told at each change. */
  readonly seen: ReadonlySet<string>;
}

const open = async (secretsWatch: SecretsWatch, prepare: (cluster: Cluster) => Promise<void>): Promise<Scene> => {
  const cluster = await startFakeCluster();
  await prepare(cluster);
  const seen = new Set<string>();
  const readings = new Map<string, Reading>();
  const look = (): readonly Reading[] => {
    for (const key of gather.take()) {
      const reading = gather.reading(key);
      if (reading === undefined) readings.delete(key);
      else readings.set(key, reading);
    }
    return [...readings.values()];
  };
  const reasons = () => {
    const { verdicts } = decideReadings({ readings: look(), secrets: { get: gather.secret } }, []);
    const found = Object.fromEntries(verdicts.map(({ name, secretsResolved }) => [name, secretsResolved.reason]));
    for (const [name, reason] of Object.entries(found)) seen.add(`${name} ${reason}`);
    return found;
  };
  const gather = createGather({
    client: cluster.client(systemClock),
    namespace: cluster.namespace,
    secretsWatch,
    clock: systemClock,
    hooks: { onNews: () => void queueMicrotask(reasons) },
  });
  await gather.start();
  const untilReasons = (wanted: Readonly<Record<string, string>>) =>
    until(JSON.stringify(wanted), async () => assert.equal(reasons(), wanted));
  return { cluster, gather, look, reasons, untilReasons, seen };
};

const close = async ({ gather, cluster }: Scene): Promise<void> => {
  await gather.stop();
  await cluster.close();
};

const keptOf = ({ gather, look, cluster }: Scene, name: string): readonly string[] => {
  look();
  return [...(gather.secret(`${cluster.namespace}/${name}`)?.data.keys() ?? [])];
};

for (const secretsWatch of ['all', 'named'] as const) {
  test(`${secretsWatch}: of what is there at first nothing is missing for a moment, and only referenced keys are kept`, async () => {
    const scene = await open(secretsWatch, async ({ put }) => {
      await put('dataactionconfigs', 'a', spec('a', 'current'));
      await put('dataactionconfigs', 'b', spec('b', 'current'));
      await put('secrets', 'a', data('current', 'unneeded'));
      await put('secrets', 'nobodys', data('current'));
    });
    await until('everything', async () => assert.ok(scene.gather.settled()));
    await scene.untilReasons({ a: 'Valid', b: 'SecretNotFound' });
    assert.equal(keptOf(scene, 'a'), ['current']);
    assert.equal(keptOf(scene, 'nobodys'), []);
    assert.equal([...scene.seen].sort(), ['a Valid', 'b SecretNotFound']);
    await close(scene);
  });

  test(`${secretsWatch}: an object that comes after its Secret, and one that refers to another key, never lack it`, async () => {
    const scene = await open(secretsWatch, async ({ put }) => {
      await put('secrets', 'a', data('current', 'next'));
      await put('dataactionconfigs', 'other', spec('other', 'current'));
      await put('secrets', 'other', data('current'));
    });
    await scene.untilReasons({ other: 'Valid' });
    await scene.cluster.put('dataactionconfigs', 'a', spec('a', 'current'));
    await scene.untilReasons({ other: 'Valid', a: 'Valid' });
    await scene.cluster.put('dataactionconfigs', 'a', spec('a', 'next', 'current'));
    await until('both keys', async () => assert.equal([...keptOf(scene, 'a')].sort(), ['current', 'next']));
    await scene.cluster.put('dataactionconfigs', 'a', spec('a', 'next'));
    await until('the key to be forgotten', async () => assert.equal(keptOf(scene, 'a'), ['next']));
    assert.equal([...scene.seen].sort(), ['a Valid', 'other Valid']);
    await close(scene);
  });

  test(`${secretsWatch}: a Secret that cannot be read holds back its object alone, which stays as it was`, async () => {
    const scene = await open(secretsWatch, async ({ put }) => {
      await put('secrets', 'a', data('current', 'next'));
      await put('secrets', 'b', data('current'));
      await put('dataactionconfigs', 'a', spec('a', 'current'));
      await put('dataactionconfigs', 'b', spec('b', 'current'));
    });
    await scene.untilReasons({ a: 'Valid', b: 'Valid' });
    scene.cluster.fake.fail('list', { status: 500 }, { times: 1_000 });
    await scene.cluster.put('dataactionconfigs', 'a', spec('a', 'next', 'current'));
    await scene.cluster.put('dataactionconfigs', 'b', { spec: { ...spec('b', 'current').spec, suspend: true } });
    await until('the change of b', async () => assert.match(JSON.stringify(scene.look()), '"suspend":true'));
    assert.not.match(JSON.stringify(scene.look()), '"key":"next"');
    assert.equal(scene.reasons(), { a: 'Valid', b: 'Valid' });
    scene.cluster.fake.heal();
    await until('the change of a', async () => assert.match(JSON.stringify(scene.look()), '"key":"next"'));
    assert.equal([...scene.seen].sort(), ['a Valid', 'b Valid']);
    await close(scene);
  });
}

test('named: a Secret that may not be read counts as one that is not there, until it may', async () => {
  const scene = await open('named', async ({ put, fake }) => {
    await put('secrets', 'a', data('current'));
    await put('dataactionconfigs', 'a', spec('a', 'current'));
    fake.fail('list', { status: 403 }, { times: 1_000, skip: 1 });
  });
  await scene.untilReasons({ a: 'SecretNotFound' });
  assert.ok(scene.gather.settled());
  await until('the other watch', async () => assert.ok(scene.gather.connected()));
  scene.cluster.fake.heal();
  await scene.untilReasons({ a: 'Valid' });
  await close(scene);
});

test('named: a Secret that nobody refers to any more is watched no more', async () => {
  const scene = await open('named', async ({ put }) => {
    await put('secrets', 'a', data('current'));
    await put('dataactionconfigs', 'a', spec('a', 'current'));
  });
  await scene.untilReasons({ a: 'Valid' });
  await until('both watches', async () => assert.is(scene.cluster.fake.openWatches, 2));
  await scene.cluster.remove('dataactionconfigs', 'a');
  await scene.untilReasons({});
  await until('one watch', async () => assert.is(scene.cluster.fake.openWatches, 1));
  await close(scene);
});

test.run();
