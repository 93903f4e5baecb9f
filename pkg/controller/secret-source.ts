/**
 * The Secrets of the watched namespace, as far as they are needed. Two ways to the same: `namespace-secrets.ts` watches all of them,
 * `named-secrets.ts` those that are referred to, one watch for each.
 */
import type { ApiResult } from '../kubernetes/api-result.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { createWorkQueue, failedWith } from '../kubernetes/work-queue.ts';
import type { Clock } from '../process/clock.ts';
import { controllerLimits } from '../process/limits.ts';
import type { KeptSecret } from './kept-secret.ts';
import type { Needs } from './secret-needs.ts';
import type { WatchHooks } from './watch-hooks.ts';

export interface SecretSource {
  /** From now on these keys of these Secrets are kept and no others; what is not there yet is read. Begins what there is to begin.
   * @param changes  the Secrets of which other keys are needed than before; no keys: none any more */
  need(changes: Needs): void;
  /** What is kept of it. @param secret  `namespace/name`, one that is needed */
  content(secret: string): KeptSecret | undefined;
  /** Whether these keys of it were looked for, and be it in vain. */
  hasRead(secret: string, keys: readonly string[]): boolean;
  /** Nothing is on its way but what failed to be read. */
  settled(): boolean;
  connected(): boolean;
  stop(): Promise<void>;
}

export interface SecretsOptions {
  readonly client: Pick<KubernetesClient, 'listPage' | 'watch'>;
  readonly namespace: string;
  readonly clock: Clock;
  readonly hooks: WatchHooks;
}

export const secretsName = 'secrets';
export const noKeys: ReadonlySet<string> = new Set();

/** Those as they were, and those that changed. */
export const takeNeeds = (needs: Map<string, ReadonlySet<string>>, changes: Needs): void => {
  for (const [secret, keys] of changes) {
    if (keys.size > 0) needs.set(secret, keys);
    else needs.delete(secret);
  }
};

export const hasLookedFor = (kept: KeptSecret, keys: Iterable<string>): boolean =>
  [...keys].every((key) => kept.keys.has(key));

/** Secrets of which other keys are needed than when they were read: for more, and to forget. */
export const createRereads = (
  { clock, hooks }: SecretsOptions,
  reread: (secret: string) => Promise<ApiResult<boolean>>,
) => {
  /** Of which it failed last; tried again for as long as they are needed. */
  const failed = new Set<string>();
  const queue = createWorkQueue({
    clock,
    workersMax: controllerLimits.secretReadsMax,
    work: async (secret) => {
      const result = await reread(secret);
      failed.delete(secret);
      if (result.ok || result.failure.reason === 'stopped') return 'done';
      failed.add(secret);
      hooks.onFailure?.(secretsName, result.failure);
      hooks.onChange?.(secret);
      return failedWith(result.failure);
    },
    hooks: { onError: (_secret, error) => hooks.onBroken?.(error) },
  });
  return { add: queue.add, hasFailed: (secret: string) => failed.has(secret), stop: queue.stop };
};
