/**
 * One watch of all Secrets of a namespace. Of each, the values of needed keys are kept; of all others, that they exist.
 *
 * The watch begins with the first needs, so that its first list keeps what is needed.
 */
import { succeeded } from '../kubernetes/api-result.ts';
import { keyOf } from '../kubernetes/object-meta.ts';
import { createReflector } from '../kubernetes/reflector.ts';
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

export const createNamespaceSecrets = (options: SecretsOptions): SecretSource => {
  const { client, namespace, clock, hooks } = options;
  const needs = new Map<string, ReadonlySet<string>>();
  const keysOf = (secret: string) => needs.get(secret) ?? noKeys;
  let connected = false;
  let started = false;

  const reflector = createReflector<KeptSecret>({
    client,
    resource: secretsIn(namespace),
    clock,
    transform: (manifest, meta) => keepSecret(manifest, meta, keysOf(keyOf(meta))),
    hooks: {
      ...troubleHooks(hooks, secretsName),
      onChange: (key) => {
        const kept = content(key);
        // It came with a page of a list that was under way when other keys came to be needed.
        if (kept !== undefined && kept.keys !== keysOf(key)) rereads.add(key);
        // What nobody refers to changes nothing.
        if (needs.has(key)) hooks.onChange?.(key);
      },
      onSynced: () => hooks.onChange?.(secretsName),
      onConnected: (is) => {
        connected = is;
        hooks.onConnected?.();
      },
    },
  });
  const content = (secret: string) => reflector.store.get(secret);
  const rereads = createRereads(options, async (secret) =>
    content(secret) === undefined ? succeeded(false) : reflector.reread(secret),
  );

  const hasRead = (secret: string, keys: Iterable<string>): boolean => {
    const kept = content(secret);
    return reflector.synced && (kept === undefined || hasLookedFor(kept, keys));
  };

  return {
    need: (changes) => {
      takeNeeds(needs, changes);
      if (started) for (const secret of changes.keys()) if (content(secret) !== undefined) rereads.add(secret);
      if (!started) void reflector.start();
      started = true;
    },
    content,
    hasRead,
    settled: () => [...needs].every(([secret, keys]) => hasRead(secret, keys) || rereads.hasFailed(secret)),
    connected: () => connected,
    stop: async () => {
      await Promise.all([reflector.stop(), rereads.stop()]);
    },
  };
};
