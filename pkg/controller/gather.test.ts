import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { succeeded } from '../kubernetes/api-result.ts';
import type { ListItem, ListPage } from '../kubernetes/list-page.ts';
import type { PageQuery } from '../kubernetes/resource.ts';
import type { WatchEnd, WatchOptions } from '../kubernetes/watch.ts';
import { kubernetesLimits } from '../process/limits.ts';
import { createManualClock } from '../process/manual-clock.ts';
import { createGather } from './gather.ts';

const itemOf = (name: string, version: number, fields: object): ListItem => {
  const meta = { namespace: 'ns', name, uid: `uid-${name}`, resourceVersion: String(version) };
  return { meta, object: { ...fields, metadata: { ...meta, generation: version } } };
};
const configOf = (name: string, version: number, ...keys: readonly string[]): ListItem =>
  itemOf(name, version, {
    apiVersion: 'dataactions.dev/v1alpha1',
    kind: 'DataActionConfig',
    spec: { tenantId: name, webhook: { secretRefs: keys.map((key) => ({ name, key })) } },
  });
const secretOf = (name: string, version: number): ListItem =>
  itemOf(name, version, { data: { current: 'Y3VycmVudA==', next: 'bmV4dA==' } });

/** An API server in memory, whose lists of Secrets have a second page that comes only when the test lets it. */
const open = async (configs: readonly ListItem[], secrets: readonly ListItem[]) => {
  const clock = createManualClock();
  const held = new Map([...configs, ...secrets].map((item) => [`${item.meta.uid}/${'data' in item.object}`, item]));
  const watches = new Map<string, { readonly options: WatchOptions; readonly end: (end: WatchEnd) => void }>();
  const pages: (() => void)[] = [];
  let version = 100;

  const listed = (resource: string, { name }: PageQuery): readonly ListItem[] =>
    [...held.values()].filter(
      ({ meta, object }) => 'data' in object === (resource === 'secrets') && (name ?? meta.name) === meta.name,
    );
  const gather = createGather({
    client: {
      listPage: async ({ name: resource }, query) => {
        const page: ListPage = { resourceVersion: String(version), items: listed(resource, query) };
        if (resource !== 'secrets' || query.name !== undefined) return succeeded(page);
        if (query.continueAt === undefined) return succeeded({ ...page, continueAt: 'second' });
        await new Promise<void>((resolve) => pages.push(resolve));
        return succeeded({ ...page, items: [] });
      },
      watch: ({ name: resource }, options) => {
        const { promise, resolve } = Promise.withResolvers<WatchEnd>();
        options.signal.addEventListener('abort', () => resolve({ reason: 'stopped' }));
        watches.set(resource, { options, end: resolve });
        options.onOpen();
        return promise;
      },
    },
    namespace: 'ns',
    secretsWatch: 'all',
    clock,
    hooks: {},
  });

  const put = async (item: ListItem): Promise<void> => {
    const isSecret = 'data' in item.object;
    held.set(`${item.meta.uid}/${isSecret}`, item);
    version += 1;
    watches.get(isSecret ? 'secrets' : 'dataactionconfigs')?.options.onEvent({ type: 'MODIFIED', ...item });
    await clock.advance(0);
  };
  const letIn = async (): Promise<void> => {
    for (const resolve of pages.splice(0)) resolve();
    await clock.advance(0);
  };
  const relistSecrets = async (...changed: readonly ListItem[]): Promise<void> => {
    for (const item of changed) held.set(`${item.meta.uid}/true`, item);
    // One that ended sooner would be waited for.
    await clock.advance(kubernetesLimits.watchShortMs);
    watches.get('secrets')?.end({ reason: 'gone' });
    await clock.advance(0);
  };
  const kept = (name: string): readonly string[] => [...(gather.secret(`ns/${name}`)?.data.keys() ?? [])].sort();
  const declared = (name: string): readonly string[] =>
    gather.reading(`ns/${name}`)?.outline.webhook?.secretRefs.map(({ key }) => key) ?? [];

  const take = async (): Promise<readonly string[]> => {
    const taken = [...gather.take()].sort();
    await clock.advance(0);
    return taken;
  };

  await gather.start();
  return { clock, gather, take, put, letIn, relistSecrets, kept, declared };
};

test('a Secret that comes to be needed while the first list of them is under way is read again', async () => {
  const { clock, gather, take, put, letIn, kept, declared } = await open(
    [configOf('a', 1, 'current')],
    [secretOf('a', 2), secretOf('b', 3)],
  );
  await take();
  await put(configOf('b', 101, 'current'));
  await put(configOf('a', 102, 'current', 'next'));
  await take();
  await letIn();
  await take();
  assert.equal([kept('a'), kept('b')], [['current', 'next'], ['current']]);
  assert.equal([declared('a'), declared('b')], [['current', 'next'], ['current']]);
  assert.ok(gather.settled());
  await gather.stop();
  assert.is(clock.pending(), 0);
});

test('what is there at first is told by the first look, also an object that refers to nothing', async () => {
  const broken = itemOf('broken', 1, { kind: 'DataActionConfig', spec: { tenantId: 'acme', webhook: 'none' } });
  const { gather, take, letIn } = await open([broken, configOf('a', 2, 'current')], [secretOf('a', 3)]);
  assert.equal(await take(), ['ns/a', 'ns/broken']);
  assert.equal([gather.reading('ns/a'), gather.reading('ns/broken')?.spec.ok], [undefined, false]);
  await letIn();
  assert.equal(await take(), ['ns/a'], 'until it is known it comes again');
  assert.ok(gather.reading('ns/a')?.spec.ok);
  await gather.stop();
});

test('what changed with what is needed of it, while everything is listed again, is read again, and forgotten', async () => {
  const { gather, take, put, letIn, relistSecrets, kept, declared } = await open(
    [configOf('a', 1, 'current'), configOf('b', 2, 'current', 'next')],
    [secretOf('a', 3), secretOf('b', 4)],
  );
  await take();
  await letIn();
  await take();
  assert.equal([kept('a'), kept('b')], [['current'], ['current', 'next']]);
  await relistSecrets(secretOf('a', 101), secretOf('b', 102));
  await put(configOf('a', 103, 'next'));
  await put(configOf('b', 104, 'next'));
  await take();
  await letIn();
  await take();
  assert.equal(declared('a'), ['next']);
  assert.equal([kept('a'), kept('b')], [['next'], ['next']], 'and nothing that nobody refers to any more');
  assert.ok(gather.settled());
  await gather.stop();
});

test.run();
