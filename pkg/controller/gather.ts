/**
 * What the API server holds, gathered for a decision: DataActionConfigs, and of Secrets what these refer to.
 *
 * An object whose Secrets are still being read is gathered as it was before, or not at all when it is new, as if the news of it had come
 * a moment later: nobody is told that a Secret is missing which only has not been looked at yet.
 */
import type { KubernetesClient } from '../kubernetes/client.ts';
import { keyOf } from '../kubernetes/object-meta.ts';
import { createReflector, type Reflector } from '../kubernetes/reflector.ts';
import { dataActionConfigsIn } from '../kubernetes/resource.ts';
import type { Clock } from '../process/clock.ts';
import type { GatheredReadings } from './decide.ts';
import { createNamedSecrets } from './named-secrets.ts';
import { createNamespaceSecrets } from './namespace-secrets.ts';
import type { SecretContent } from './resolve-secrets.ts';
import { type Needs, needsOf, referencesOf } from './secret-needs.ts';
import type { SecretSource } from './secret-source.ts';
import { troubleHooks, type WatchHooks } from './watch-hooks.ts';
import { type WatchedConfig, watchConfig } from './watched-config.ts';

export type SecretsWatch = 'all' | 'named';

export interface GatherOptions {
  readonly client: Pick<KubernetesClient, 'listPage' | 'watch'>;
  readonly namespace: string;
  readonly secretsWatch: SecretsWatch;
  readonly clock: Clock;
  readonly hooks: WatchHooks;
}

export interface Gather {
  /** Begins to watch. Resolves when the DataActionConfigs are known, and what they need has been asked for; or by `stop`. */
  start(): Promise<void>;
  stop(): Promise<void>;
  now(): GatheredReadings;
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
  let connected = false;
  /** As they were last handed out. */
  let settled = new Map<string, WatchedConfig>();

  const configs: Reflector<WatchedConfig> = createReflector<WatchedConfig>({
    client,
    resource,
    clock,
    transform: (manifest, meta) => watchConfig(manifest, meta, configs.store.get(keyOf(meta))),
    hooks: {
      ...troubleHooks(hooks, resource.name),
      onChange: (key) => hooks.onChange?.(key),
      onConnected: (is) => {
        connected = is;
        hooks.onConnected?.();
      },
    },
  });
  const createSecrets = secretsWatch === 'all' ? createNamespaceSecrets : createNamedSecrets;
  const secrets = createSecrets({ client, namespace, clock, hooks });

  /** Of objects as they are, and as they were for those that are held back. */
  const needsNow = (all: readonly WatchedConfig[]): Needs => {
    const held = all.flatMap((config) => {
      const before = settled.get(keyOf(config.meta));
      return before === undefined || before.reading === config.reading ? [] : [before];
    });
    return needsOf([...all, ...held].map(({ reading }) => reading));
  };

  const now = (): GatheredReadings => {
    const all = configs.store.list();
    secrets.need(needsNow(all));
    const before = settled;
    settled = new Map();
    for (const config of all) {
      const key = keyOf(config.meta);
      const isReady = referencesOf(config.reading).every(({ secret, keys }) => secrets.hasRead(secret, keys));
      const usable = isReady ? config : sameObject(before.get(key), config);
      if (usable !== undefined) settled.set(key, usable);
    }
    const needs = needsNow(all);
    secrets.need(needs);
    return { readings: [...settled.values()].map(({ reading }) => reading), secrets: contentsOf(needs, secrets) };
  };

  return {
    start: async () => {
      await configs.start();
      now();
    },
    stop: async () => {
      await Promise.all([configs.stop(), secrets.stop()]);
    },
    now,
    settled: () => configs.synced && secrets.settled(),
    config: configs.store.get,
    connected: () => connected && secrets.connected(),
  };
};

const sameObject = (before: WatchedConfig | undefined, { meta }: WatchedConfig): WatchedConfig | undefined =>
  before?.meta.uid === meta.uid ? before : undefined;

const contentsOf = (needs: Needs, secrets: Pick<SecretSource, 'content'>): ReadonlyMap<string, SecretContent> => {
  const contents = new Map<string, SecretContent>();
  for (const secret of needs.keys()) {
    const content = secrets.content(secret);
    if (content !== undefined) contents.set(secret, content);
  }
  return contents;
};
