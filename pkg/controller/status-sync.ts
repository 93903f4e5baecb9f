/**
 * Writes what there is to say about DataActionConfigs to their status: by the leader alone, only what changed, and an Event where a person
 * would want to know.
 *
 * Level-triggered: a key says that something about the object may be new, and what is to be written is worked out when its turn comes. A
 * write that another one overtook, or that met an outage, is repeated with a growing wait. Two leaders at once write the same; whoever writes
 * something else, as another release that follows the same namespace may, is not answered at any speed.
 */
import type { ApiFailure } from '../kubernetes/api-result.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { createWorkQueue, failedWith, type WorkResult } from '../kubernetes/work-queue.ts';
import type { Clock } from '../process/clock.ts';
import { controllerLimits, kubernetesLimits } from '../process/limits.ts';
import { createTokenBucket, type TokenBucket } from '../resilience/token-bucket.ts';
import { canonicalJson } from '../tenant/revision.ts';
import { isWaiting, type Standing, statusOf } from './conditions.ts';
import type { EventLimits } from './event-limits.ts';
import { type EventText, eventOf } from './events.ts';
import type { ConfigStatus } from './status.ts';
import type { WatchedConfig } from './watched-config.ts';

const fieldManager = 'cxone-data-actions';
const reportingController = 'dataactions.dev/controller';

export type WriteResult = 'written' | 'failed';

export interface StatusSyncHooks {
  readonly onDepth?: (depth: number) => void;
  readonly onStatus?: (result: WriteResult, failure?: ApiFailure) => void;
  readonly onEvent?: (result: WriteResult | 'dropped', failure?: ApiFailure) => void;
  readonly onBroken?: (error: unknown) => void;
}

export interface StatusSyncOptions {
  readonly client: Pick<KubernetesClient, 'applyStatus' | 'createEvent'>;
  readonly clock: Clock;
  /** Of this process. */
  readonly identity: string;
  readonly leading: () => boolean;
  /** As the API server last had it. */
  readonly config: (key: string) => WatchedConfig | undefined;
  /** As it was last decided; undefined for an object that was not decided on yet, or is gone. */
  readonly standing: (key: string) => Standing | undefined;
  readonly limits: EventLimits;
  readonly hooks?: StatusSyncHooks;
}

export interface StatusSync {
  /** Something about this object may be new. */
  add(key: string): void;
  stop(): Promise<void>;
}

interface Current {
  readonly resourceVersion: string;
  readonly status: ConfigStatus | undefined;
}

interface Written extends Current {
  /** The version that was looked at: while the watch shows no other, what was written is what there is. */
  readonly over: string;
  readonly status: ConfigStatus;
}

export const createStatusSync = (options: StatusSyncOptions): StatusSync => {
  const { client, clock, identity, leading, hooks = {}, limits } = options;
  /** Removed when the watch shows a newer version of the object, or none. */
  const written = new Map<string, Written>();
  /** Since when only an answer is missing, the handler's or PostgreSQL's. */
  const waitingSince = new Map<string, number>();

  /** How often each object's status may be written. */
  const paces = new Map<string, TokenBucket>();

  /** @returns 0, or milliseconds until it may be written */
  const paceMs = (key: string): number => {
    const { statusesBurst: burst, statusesEveryMs } = controllerLimits;
    const pace = paces.get(key) ?? createTokenBucket(clock, { ratePerSecond: 1_000 / statusesEveryMs, burst });
    paces.set(key, pace);
    return pace.take();
  };

  /** As the API server has it, as far as is known. */
  const current = (key: string, { meta, status }: WatchedConfig): Current => {
    const own = written.get(key);
    if (own?.over === meta.resourceVersion) return own;
    written.delete(key);
    return { resourceVersion: meta.resourceVersion, status };
  };

  const forget = (key: string): void => {
    written.delete(key);
    waitingSince.delete(key);
    paces.delete(key);
    limits.forget(key);
  };

  /** @returns milliseconds for which an answer is still waited for before the lack of it is written */
  const patienceMs = (key: string, status: ConfigStatus): number => {
    if (!isWaiting(status)) {
      waitingSince.delete(key);
      return 0;
    }
    const since = waitingSince.get(key) ?? clock.now();
    waitingSince.set(key, since);
    return Math.max(0, Math.ceil(since + controllerLimits.statusPatienceMs - clock.now()));
  };

  const tell = async (key: string, config: WatchedConfig, event: EventText, call: object): Promise<void> => {
    if (!limits.admit(key, event)) {
      hooks.onEvent?.('dropped');
      return;
    }
    const about = { regarding: config.meta, ...event, controller: reportingController, instance: identity };
    const result = await client.createEvent(about, call);
    hooks.onEvent?.(result.ok ? 'written' : 'failed', result.ok ? undefined : result.failure);
  };

  const work = async (key: string, signal: AbortSignal): Promise<WorkResult> => {
    const config = options.config(key);
    const standing = options.standing(key);
    if (config === undefined || standing?.verdict.uid !== config.meta.uid) {
      if (config === undefined) forget(key);
      return 'done';
    }
    if (!leading()) {
      waitingSince.delete(key);
      return 'done';
    }
    const { status: before, resourceVersion } = current(key, config);
    const status = statusOf(standing, before, clock.wall());
    const patience = patienceMs(key, status);
    if (before !== undefined && canonicalJson(before) === canonicalJson(status)) return 'done';
    const waitMs = patience || paceMs(key);
    if (waitMs > 0) return { afterMs: waitMs };
    // What a leader began ends before another one leads.
    const call = { signal, timeoutMs: kubernetesLimits.leaseRequestTimeoutMs };
    const { namespace, name } = config.meta;
    const result = await client.applyStatus({ namespace, name, resourceVersion, status, fieldManager }, call);
    if (!result.ok) return afterFailure(result.failure);
    hooks.onStatus?.('written');
    written.set(key, { over: config.meta.resourceVersion, resourceVersion: result.value.resourceVersion, status });
    const event = eventOf(before, status);
    if (event !== undefined && leading()) await tell(key, config, event, call);
    return 'done';
  };

  const afterFailure = (failure: ApiFailure): WorkResult => {
    // Gone: the watch will say so too.
    if (failure.reason === 'not_found' || failure.reason === 'stopped') return 'done';
    // A conflict is how others' changes show themselves before the watch does.
    if (failure.reason !== 'conflict') hooks.onStatus?.('failed', failure);
    return failedWith(failure);
  };

  const queue = createWorkQueue({
    clock,
    work,
    hooks: {
      onDepth: (depth) => hooks.onDepth?.(depth),
      onError: (_key, error) => hooks.onBroken?.(error),
    },
  });
  return {
    add: queue.add,
    stop: async () => void (await queue.stop()),
  };
};
