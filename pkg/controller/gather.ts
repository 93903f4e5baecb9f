/**
 * What the API server holds, gathered for a decision: DataActionConfigs, and of Secrets what these refer to.
 *
 * An object whose Secrets are still being read is gathered as it was before, or not at all when it is new, as if the news of it had come
 * a moment later: nobody is told that a Secret is missing which only has not been looked at yet. A look costs what is new.
 */
import type { KubernetesClient } from '../kubernetes/client.ts';
import { keyOf } from '../kubernetes/object-meta.ts';
import { createReflector, type Reflector } from '../kubernetes/reflector.ts';
import { dataActionConfigsIn } from '../kubernetes/resource.ts';
import type { Clock } from '../process/clock.ts';
import type { Reading } from './candidate.ts';
import { createNamedSecrets } from './named-secrets.ts';
import { createNamespaceSecrets } from './namespace-secrets.ts';
import type { SecretContent } from './resolve-secrets.ts';
import { createNeedsIndex, referencesOf } from './secret-needs.ts';
import { troubleHooks, type WatchHooks } from './watch-hooks.ts';
import { type WatchedConfig, watchConfig } from './watched-config.ts';

export type SecretsWatch = 'all' | 'named';

export interface GatherOptions {
  readonly client: Pick<KubernetesClient, 'listPage' | 'watch'>;
  readonly namespace: string;
  readonly secretsWatch: SecretsWatch;
  readonly clock: Clock;
  readonly hooks: GatherHooks;
}

export interface GatherHooks extends Omit<WatchHooks, 'onChange'> {
  /** There is something to take. */
  readonly onNews?: () => void;
  /** Another version of this object was seen. @param isDeclared  something that is declared may be another; else its status alone */
  readonly onObject?: (key: string, isDeclared: boolean) => void;
}

export interface Gather {
  /** Begins to watch. Resolves when the DataActionConfigs are known, of which nothing has been taken yet; or by `stop`. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** @returns what is to be decided on again since the last time: objects, as `namespace/name` */
  take(): ReadonlySet<string>;
  /** As to be decided on. @param key  of an object */
  reading(key: string): Reading | undefined;
  /** @param key  of a Secret that is referred to */
  secret(key: string): SecretContent | undefined;
  /** From now on everything counts as new. */
  distrust(): void;
  /** True when no Secret is on its way. */
  settled(): boolean;
  /** As it is now. @param key  `namespace/name` */
  config(key: string): WatchedConfig | undefined;
  /** Every watch is open. */
  connected(): boolean;
}

export const createGather = (options: GatherOptions): Gather => {
  const { client, namespace, secretsWatch, clock, hooks } = options;
  const resource = dataActionConfigsIn(namespace);
  const needs = createNeedsIndex();
  let connected = false;
  /** As they were last handed out. */
  const settled = new Map<string, WatchedConfig>();
  /** Handed out as they were before, or not at all: they wait for a Secret. */
  const held = new Set<string>();
  /** Objects to look at. */
  let fresh = new Set<string>();

  const configs: Reflector<WatchedConfig> = createReflector<WatchedConfig>({
    client,
    resource,
    clock,
    transform: (manifest, meta) => watchConfig(manifest, meta, configs.store.get(keyOf(meta))),
    hooks: {
      ...troubleHooks(hooks, resource.name),
      onChange: (key) => {
        const isDeclared = settled.get(key)?.reading !== configs.store.get(key)?.reading;
        if (isDeclared) fresh.add(key);
        hooks.onObject?.(key, isDeclared);
        if (isDeclared) hooks.onNews?.();
      },
      onConnected: (is) => {
        connected = is;
        hooks.onConnected?.();
      },
    },
  });
  const createSecrets = secretsWatch === 'all' ? createNamespaceSecrets : createNamedSecrets;
  const secrets = createSecrets({
    client,
    namespace,
    clock,
    hooks: {
      ...hooks,
      onChange: (secret) => {
        for (const key of needs.referrers(secret)) fresh.add(key);
        hooks.onNews?.();
      },
    },
  });

  const refer = (key: string, ...configs: readonly (WatchedConfig | undefined)[]): void => {
    const readings = new Set(configs.flatMap((config) => config?.reading ?? []));
    needs.set(key, [...readings].flatMap(referencesOf));
  };

  const settle = (key: string): void => {
    const config = configs.store.get(key);
    const isReady =
      config === undefined || referencesOf(config.reading).every(({ secret, keys }) => secrets.hasRead(secret, keys));
    const usable = isReady ? config : sameObject(settled.get(key), config);
    if (isReady) held.delete(key);
    else held.add(key);
    if (usable === undefined) settled.delete(key);
    else settled.set(key, usable);
    refer(key, config, usable);
  };

  const take = (): ReadonlySet<string> => {
    const looked = fresh;
    fresh = new Set();
    for (const key of held) looked.add(key);
    // What is let go of must be known to be needed no more only after what takes its place has been read.
    for (const key of looked) refer(key, configs.store.get(key), settled.get(key));
    secrets.need(needs.takeChanges());
    for (const key of looked) settle(key);
    secrets.need(needs.takeChanges());
    return looked;
  };

  return {
    start: configs.start,
    stop: async () => {
      await Promise.all([configs.stop(), secrets.stop()]);
    },
    take,
    reading: (key) => settled.get(key)?.reading,
    secret: secrets.content,
    distrust: () => {
      for (const key of [...configs.store.keys(), ...settled.keys()]) fresh.add(key);
    },
    settled: () => configs.synced && secrets.settled(),
    config: configs.store.get,
    connected: () => connected && secrets.connected(),
  };
};

const sameObject = (before: WatchedConfig | undefined, now: WatchedConfig): WatchedConfig | undefined =>
  before?.meta.uid === now.meta.uid ? before : undefined;
