/**
 * A real API server that knows the kind DataActionConfig, and what a person does to tenants on it: apply, look, delete.
 */
import { type ConfigStatus, conditionOf, readStatus } from '../../pkg/controller/status.ts';
import { type KubeApiServer, startKubeApiServer } from './kube-api-server.ts';
import { collectionPath } from './kube-cluster.ts';
import { installCrd } from './kube-crd.ts';
import { until } from './until.ts';

export interface TenantManifest {
  /** Of the object, its Secret and, unless `spec` says otherwise, the tenant. */
  readonly name: string;
  /** Default: `secretFor(name)`. Undefined: no Secret is applied. */
  readonly secret?: string | undefined;
  /** Beside tenantId and webhook. */
  readonly spec?: object;
}

export interface TenantCluster {
  readonly kube: KubeApiServer;
  readonly namespace: string;
  /** `kubectl apply`, server-side; Secrets and objects in the order given. */
  apply(...manifests: readonly object[]): Promise<void>;
  /** A Secret and a DataActionConfig. */
  applyTenant(manifest: TenantManifest): Promise<void>;
  remove(kind: string, name: string): Promise<void>;
  status(name: string): Promise<ConfigStatus | undefined>;
  /** The object as the API server has it. */
  object(name: string): Promise<Readonly<Record<string, unknown>>>;
  /** Resolves with the status when Ready has this status and reason, of the newest generation. */
  untilReady(name: string, status: string, reason: string): Promise<ConfigStatus>;
}

export const startTenantCluster = async (): Promise<KubeApiServer> => {
  const kube = await startKubeApiServer();
  await installCrd(kube);
  return kube;
};

export const secretFor = (name: string): string => `a-secret-for-tests-of-${name}`;

/** @param data  values as text */
export const secretManifest = (name: string, data: Readonly<Record<string, string>>): object => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name },
  data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')])),
});

export const configManifest = (name: string, spec: object = {}): object => ({
  apiVersion: 'dataactions.dev/v1alpha1',
  kind: 'DataActionConfig',
  metadata: { name },
  spec: { tenantId: name, webhook: { secretRefs: [{ name, key: 'current' }] }, ...spec },
});

/** @param namespace  of its own, made here */
export const useNamespace = async (kube: KubeApiServer, namespace: string): Promise<TenantCluster> => {
  await kube.createNamespace(namespace);
  const paths: Readonly<Record<string, string>> = {
    Secret: collectionPath(namespace, 'secrets'),
    DataActionConfig: collectionPath(namespace, 'dataactionconfigs'),
  };
  const pathOf = (kind: string, name: string) => `${paths[kind]}/${name}`;
  const expectFine = (answer: { readonly status: number; readonly body: unknown }): void => {
    if (answer.status > 299) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
  };
  const apply: TenantCluster['apply'] = async (...manifests) => {
    for (const body of manifests) {
      const { kind, metadata } = Object(body);
      const path = `${pathOf(kind, metadata.name)}?fieldManager=test&force=true`;
      const headers = { 'Content-Type': 'application/apply-patch+yaml' };
      expectFine(await kube.ask(path, { method: 'PATCH', body, headers }));
    }
  };
  const object: TenantCluster['object'] = async (name) => {
    const { body } = await kube.ask(pathOf('DataActionConfig', name));
    return body;
  };
  const status = async (name: string) => readStatus((await object(name)).status);
  return {
    kube,
    namespace,
    apply,
    applyTenant: ({ name, spec, ...given }) => {
      const secret = 'secret' in given ? given.secret : secretFor(name);
      const secrets = secret === undefined ? [] : [secretManifest(name, { current: secret })];
      return apply(...secrets, configManifest(name, spec));
    },
    remove: async (kind, name) => expectFine(await kube.ask(pathOf(kind, name), { method: 'DELETE' })),
    status,
    object,
    untilReady: (name, wanted, reason) =>
      until(`${name} ${wanted} ${reason}`, async () => {
        const found = await object(name);
        const has = readStatus(found.status);
        const ready = conditionOf(has, 'Ready');
        const isNewest = has?.observedGeneration === Object(found.metadata).generation;
        if (has === undefined || !isNewest || ready?.status !== wanted || ready.reason !== reason)
          throw new Error(JSON.stringify(found.status ?? 'no status'));
        return has;
      }),
  };
};
