/**
 * One watch for each Secret that is referred to: what a Role with `resourceNames` allows. Each takes a connection of its own, so it
 * is for tens of Secrets, not for thousands.
 *
 * A Secret that may not be read counts as one that is not there; it is tried again for as long as it is referred to.
 */
import { succeeded } from '../kubernetes/api-result.ts';
import { createReflector, type Reflector } from '../kubernetes/reflector.ts';
import { secretsIn } from '../kubernetes/resource.ts';
import { type KeptSecret, keepSecret } from './kept-secret.ts';
import {
  createRereads,
  hasLookedFor,
  noKeys,
  type SecretSource,
  type SecretsOptions,
  secretsName,
  takeNeeds,
} from './secret-source.ts';
import { troubleHooks } from './watch-hooks.ts';

interface Watched {
  readonly reflector: Reflector<KeptSecret>;
  connected: boolean;
  /** As far as is known. */
  isForbidden: boolean;
}

export const createNamedSecrets = (options: SecretsOptions): SecretSource => {
  const { hooks } = options;
  const needs = new Map<string, ReadonlySet<string>>();
  const watched = new Map<string, Watched>();
  const stopping = new Set<Promise<void>>();

  const watch = (secret: string): void => {
    const forbid = (is: boolean): void => {
      if (it.isForbidden === is) return;
      it.isForbidden = is;
      hooks.onConnected?.();
      hooks.onChange?.(secret);
    };
    const reflector = createNamedReflector(options, secret, {
      keys: () => needs.get(secret) ?? noKeys,
      onRead: () => hooks.onChange?.(secret),
      onConnected: (is) => {
        it.connected = is;
        if (is) forbid(false);
        hooks.onConnected?.();
      },
      onForbidden: () => forbid(true),
    });
    const it: Watched = { reflector, connected: false, isForbidden: false };
    watched.set(secret, it);
    void reflector.start();
  };

  const unwatch = (secret: string, { reflector }: Watched): void => {
    watched.delete(secret);
    const stopped = reflector.stop().finally(() => stopping.delete(stopped));
    stopping.add(stopped);
  };

  const content = (secret: string) => watched.get(secret)?.reflector.store.get(secret);
  const rereads = createRereads(options, async (secret) => watched.get(secret)?.reflector.reread(secret) ?? nothing);

  const hasRead = (secret: string, keys: Iterable<string>): boolean => {
    const it = watched.get(secret);
    const kept = content(secret);
    if (kept !== undefined) return hasLookedFor(kept, keys);
    return it?.reflector.synced === true || it?.isForbidden === true;
  };

  return {
    need: (changes) => {
      takeNeeds(needs, changes);
      for (const secret of changes.keys()) {
        const it = watched.get(secret);
        if (it !== undefined && needs.has(secret)) rereads.add(secret);
        else if (it !== undefined) unwatch(secret, it);
        else if (needs.has(secret)) watch(secret);
      }
    },
    content,
    hasRead,
    settled: () => [...needs].every(([secret, keys]) => hasRead(secret, keys) || rereads.hasFailed(secret)),
    // What the Role does not name is no trouble of the connection: one tenant's wrong reference must not look like an outage.
    connected: () => [...watched.values()].every((it) => it.connected || it.isForbidden),
    stop: async () => {
      for (const [secret, it] of watched) unwatch(secret, it);
      await Promise.all([...stopping, rereads.stop()]);
    },
  };
};

const nothing = succeeded(false);

interface NamedWatch {
  keys(): ReadonlySet<string>;
  onRead(): void;
  onConnected(is: boolean): void;
  onForbidden(): void;
}

const createNamedReflector = (
  { client, namespace, clock, hooks }: SecretsOptions,
  secret: string,
  { keys, onRead, onConnected, onForbidden }: NamedWatch,
): Reflector<KeptSecret> => {
  const trouble = troubleHooks(hooks, secretsName);
  return createReflector<KeptSecret>({
    client,
    resource: secretsIn(namespace, secret.slice(secret.indexOf('/') + 1)),
    clock,
    transform: (manifest, meta) => keepSecret(manifest, meta, keys()),
    hooks: {
      ...trouble,
      onChange: onRead,
      onSynced: onRead,
      onConnected,
      onFailure: (failure) => {
        trouble.onFailure(failure);
        if (failure.reason === 'forbidden') onForbidden();
      },
    },
  });
};
