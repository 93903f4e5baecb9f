/**
 * An API server as the contracts of pkg/kubernetes see it, the real one or the fake: objects are changed and looked at beside the
 * client under test, and the truth is what the server itself says.
 */
import { createKubernetesClient, type KubernetesClient } from '../../pkg/kubernetes/client.ts';
import type { KubernetesSource } from '../../pkg/kubernetes/credentials.ts';
import type { Clock } from '../../pkg/process/clock.ts';
import { type FakeApiServer, startFakeApiServer } from './fake-api-server.ts';
import type { Fields } from './fake-api-store.ts';
import { type KubeApiServer, startKubeApiServer } from './kube-api-server.ts';
import { until } from './until.ts';

export interface KubeCluster {
  /** Of this test alone. */
  readonly namespace: string;
  /** A client with every right. */
  client(clock: Clock): KubernetesClient;
  /** Creates or replaces. @param collection  of the namespace: `secrets`, `dataactionconfigs` */
  put(collection: Collection, name: string, fields: Fields): Promise<void>;
  remove(collection: Readable, name: string): Promise<void>;
  /** Name to resourceVersion. */
  truth(collection: Collection): Promise<ReadonlyMap<string, string>>;
  read(collection: Readable, name: string): Promise<Fields>;
  /** Breaks every connection; comes back. */
  interrupt(): Promise<void>;
  close(): Promise<void>;
}

export type Collection = 'secrets' | 'dataactionconfigs';

export type Readable = Collection | 'leases' | 'events';

const roots = {
  secrets: '/api/v1',
  dataactionconfigs: '/apis/dataactions.dev/v1alpha1',
  leases: '/apis/coordination.k8s.io/v1',
  events: '/apis/events.k8s.io/v1',
} as const;

export const collectionPath = (namespace: string, collection: keyof typeof roots): string =>
  `${roots[collection]}/namespaces/${namespace}/${collection}`;

export const sourceOf = ({ host, port, directory }: FakeApiServer): KubernetesSource => ({
  kind: 'in-cluster',
  host,
  port,
  directory,
});

const namespaceName = 'here';

export const startFakeCluster = async (): Promise<KubeCluster & { readonly fake: FakeApiServer }> => {
  const fake = await startFakeApiServer(namespaceName);
  const pathOf = (collection: keyof typeof roots) => collectionPath(namespaceName, collection);
  const clients: KubernetesClient[] = [];
  return {
    fake,
    namespace: namespaceName,
    client: (clock) => {
      const client = createKubernetesClient({ source: sourceOf(fake), clock });
      clients.push(client);
      return client;
    },
    put: async (collection, name, fields) => void fake.store.put(pathOf(collection), name, fields),
    remove: async (collection, name) => void fake.store.remove(pathOf(collection), name),
    truth: async (collection) =>
      new Map(
        fake.store.list(pathOf(collection)).map(({ metadata }) => [metadata.name, metadata.resourceVersion] as const),
      ),
    read: async (collection, name) => fake.store.get(pathOf(collection), name) ?? {},
    interrupt: async () => fake.reset(),
    close: async () => {
      for (const client of clients) await client.close();
      await fake.close();
    },
  };
};

/** One real API server for a test file; each call is a cluster with a namespace of its own on it. */
export const realClusters = (): (() => Promise<KubeCluster & { readonly kube: KubeApiServer }>) => {
  let starting: Promise<KubeApiServer> | undefined;
  let opened = 0;
  const start = async () => {
    const kube = await startKubeApiServer();
    await defineKind(kube);
    return kube;
  };
  return async () => {
    starting ??= start();
    const kube = await starting;
    opened += 1;
    const namespace = `${namespaceName}-${opened}`;
    await kube.createNamespace(namespace);
    return onRealServer(kube, namespace);
  };
};

const kinds = {
  secrets: { apiVersion: 'v1', kind: 'Secret' },
  dataactionconfigs: { apiVersion: 'dataactions.dev/v1alpha1', kind: 'DataActionConfig' },
} as const;

const onRealServer = (kube: KubeApiServer, namespace: string): KubeCluster & { readonly kube: KubeApiServer } => {
  const pathOf = (collection: keyof typeof roots) => collectionPath(namespace, collection);
  const ask = async (path: string, request: Parameters<KubeApiServer['ask']>[1] = {}) => {
    const answer = await kube.ask(path, request);
    if (answer.status > 299) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const clients: KubernetesClient[] = [];
  return {
    kube,
    namespace,
    client: (clock) => {
      const client = createKubernetesClient({ source: { kind: 'kubeconfig', file: kube.adminKubeconfig }, clock });
      clients.push(client);
      return client;
    },
    put: async (collection, name, fields) => {
      const body = { ...kinds[collection], ...fields, metadata: { name } };
      const known = await kube.ask(`${pathOf(collection)}/${name}`);
      if (known.status === 404) await ask(pathOf(collection), { method: 'POST', body });
      else await ask(`${pathOf(collection)}/${name}`, { method: 'PUT', body: withVersionOf(known.body, body) });
    },
    remove: async (collection, name) => void (await ask(`${pathOf(collection)}/${name}`, { method: 'DELETE' })),
    truth: async (collection) => versionsIn(await ask(pathOf(collection))),
    read: (collection, name) => ask(`${pathOf(collection)}/${name}`),
    interrupt: async () => {
      await kube.kill();
      await kube.start();
    },
    close: async () => {
      for (const client of clients) await client.close();
    },
  };
};

const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value !== null ? { ...value } : {});

const withVersionOf = (known: Fields, body: { readonly metadata: Fields }): Fields => ({
  ...body,
  metadata: { ...body.metadata, resourceVersion: fieldsOf(known.metadata).resourceVersion },
});

const versionsIn = ({ items }: Fields): ReadonlyMap<string, string> =>
  new Map(
    (Array.isArray(items) ? items : []).map((item: unknown) => {
      const { name, resourceVersion } = fieldsOf(fieldsOf(item).metadata);
      return [String(name), String(resourceVersion)] as const;
    }),
  );

/** As much of the kind as the client needs: any fields, and a status of its own. */
const defineKind = async (kube: KubeApiServer): Promise<void> => {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  const version = { name: 'v1alpha1', served: true, storage: true, schema, subresources: { status: {} } };
  const names = { plural: 'dataactionconfigs', singular: 'dataactionconfig', kind: 'DataActionConfig' };
  const body = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'dataactionconfigs.dataactions.dev' },
    spec: { group: 'dataactions.dev', scope: 'Namespaced', names, versions: [version] },
  };
  await kube.ask('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', { method: 'POST', body });
  await untilServed(kube);
};

const untilServed = (kube: KubeApiServer): Promise<void> =>
  until('the kind', async () => {
    const { status } = await kube.ask(collectionPath('default', 'dataactionconfigs'));
    if (status !== 200) throw new Error(`answered ${status}`);
  });
