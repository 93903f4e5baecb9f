/**
 * The kinds of objects that the controller follows: how each is listed, where it is watched, and what is kept of an item.
 */
import { CoreV1Api, CustomObjectsApi, type KubeConfig } from '@kubernetes/client-node';
import { apiVersion, kind } from '../tenant/data-action-config.ts';
import type { ObjectMeta } from './object-meta.ts';

export interface Selectors {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export interface PageQuery {
  readonly limit: number;
  /** Where the last page ended. */
  readonly continueAt?: string;
  /** Only the object of this name. */
  readonly name?: string;
}

export interface Resource {
  /** Plural, for metrics and logs. */
  readonly name: string;
  /** Of the watch. */
  readonly path: string;
  readonly selectors: Selectors;
  /** One page, as client-node gives it. */
  list(config: KubeConfig, query: PageQuery): Promise<unknown>;
  /** @param item  of a list or of a watch event, which client-node gives in two shapes
   * @returns a manifest of its own: nothing of it is shared with `item`'s metadata */
  manifestOf(item: object, meta: ObjectMeta): object;
}

export const [dataActionGroup = '', dataActionVersion = ''] = apiVersion.split('/');
export const dataActionPlural = 'dataactionconfigs';

const segment = encodeURIComponent;

const byName = (name: string): Selectors => ({ fieldSelector: `metadata.name=${name}` });

const parametersOf = (selectors: Selectors, { limit, continueAt, name }: PageQuery) => ({
  limit,
  ...selectors,
  ...(name !== undefined && byName(name)),
  ...(continueAt !== undefined && { _continue: continueAt }),
});

/** The DataActionConfigs of one namespace, whole but for `managedFields`, which is often longer than the rest. */
export const dataActionConfigsIn = (namespace: string, labelSelector?: string): Resource => {
  const selectors = labelSelector === undefined ? {} : { labelSelector };
  return {
    name: dataActionPlural,
    path: `/apis/${apiVersion}/namespaces/${segment(namespace)}/${dataActionPlural}`,
    selectors,
    list: (config, query) =>
      config.makeApiClient(CustomObjectsApi).listNamespacedCustomObject({
        group: dataActionGroup,
        version: dataActionVersion,
        namespace,
        plural: dataActionPlural,
        ...parametersOf(selectors, query),
      }),
    manifestOf: (item) => {
      const { managedFields: _managedFields, ...metadata } = fieldsOf(Reflect.get(item, 'metadata'));
      return { ...item, apiVersion, kind, metadata };
    },
  };
};

/** Helm keeps ten of each release, of up to 1 MiB each, and nobody's keys are in them. The type of a Secret cannot be changed. */
const notOfHelm: Selectors = { fieldSelector: 'type!=helm.sh/release.v1' };

/** The Secrets of one namespace, but for Helm's releases; or the one called `name`, which is what a Role with `resourceNames` allows. */
export const secretsIn = (namespace: string, name?: string): Resource => {
  const selectors = name === undefined ? notOfHelm : byName(name);
  return {
    name: 'secrets',
    path: `/api/v1/namespaces/${segment(namespace)}/secrets`,
    selectors,
    list: (config, query) =>
      config.makeApiClient(CoreV1Api).listNamespacedSecret({ namespace, ...parametersOf(selectors, query) }),
    manifestOf: (item, { name, namespace, uid, resourceVersion }) => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace, uid, resourceVersion },
      data: fieldsOf(Reflect.get(item, 'data')),
    }),
  };
};

const fieldsOf = (value: unknown): { readonly [field: string]: unknown } =>
  typeof value === 'object' && value !== null ? { ...value } : {};
