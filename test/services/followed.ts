/**
 * A reflector on a clock that stands still, but for as long as it waits: then time is moved on, so that back-offs cost nothing, and how much
 * time it took is known exactly.
 */
import type { KubernetesClient } from '../../pkg/kubernetes/client.ts';
import type { ObjectMeta } from '../../pkg/kubernetes/object-meta.ts';
import { createReflector, type Reflector } from '../../pkg/kubernetes/reflector.ts';
import type { ReflectorHooks } from '../../pkg/kubernetes/reflector-hooks.ts';
import type { Resource } from '../../pkg/kubernetes/resource.ts';
import type { ManualClock } from '../../pkg/process/manual-clock.ts';
import { until } from './until.ts';

export interface Kept {
  readonly meta: ObjectMeta;
  readonly manifest: object;
}

export interface Followed {
  readonly reflector: Reflector<Kept>;
  readonly clock: ManualClock;
  /** What it told, in order: `change here/a`, `connected true`, `relist gone`, `missed 1`, `failed throttled`, `synced`, `broken`. */
  readonly told: readonly string[];
  /** Waits for it, moving time on while the reflector waits. @returns how long it took on the clock */
  until(what: string, probe: () => boolean): Promise<number>;
  /** The same, moving time on whatever it does. */
  untilInTime(what: string, probe: () => boolean): Promise<number>;
  /** Name to resourceVersion, as the store has it. */
  versions(): ReadonlyMap<string, string>;
  /** Until the store says what the server says. */
  untilEqual(truth: () => Promise<ReadonlyMap<string, string>>): Promise<number>;
}

const stepMs = 100;

interface FollowOptions {
  readonly client: KubernetesClient;
  readonly resource: Resource;
  readonly clock: ManualClock;
  /** Default: 0.5 each time. */
  readonly random?: () => number;
  readonly hooks?: ReflectorHooks;
  readonly transform?: (manifest: object, meta: ObjectMeta) => Kept | undefined;
}

export const follow = ({ client, resource, clock, random = () => 0.5, hooks, transform }: FollowOptions): Followed => {
  const told: string[] = [];
  const reflector = createReflector<Kept>({
    client,
    resource,
    clock,
    transform: transform ?? ((manifest, meta) => ({ manifest, meta })),
    random,
    hooks: {
      onChange: (key) => void told.push(`change ${key}`),
      onSynced: () => void told.push('synced'),
      onConnected: (connected) => void told.push(`connected ${connected}`),
      onRelist: (reason) => void told.push(`relist ${reason}`),
      onMissed: (objects) => void told.push(`missed ${objects}`),
      onFailure: ({ reason }) => void told.push(`failed ${reason}`),
      onBroken: () => void told.push('broken'),
      ...hooks,
    },
  });

  const isWaiting = () => reflector.state === 'waiting';
  const untilProbe = async (what: string, probe: () => boolean, always = false): Promise<number> => {
    const from = clock.now();
    await until(what, async () => {
      if (probe()) return;
      if (always) await clock.advance(stepMs);
      // Nothing else can happen while it waits.
      while (isWaiting() && !probe()) await clock.advance(stepMs);
      if (!probe()) throw new Error(`not yet; ${reflector.state}, ${told.slice(-10).join(', ')}`);
    });
    return clock.now() - from;
  };

  const versions = () => new Map(reflector.store.list().map(({ meta }) => [meta.name, meta.resourceVersion] as const));

  return {
    reflector,
    clock,
    told,
    until: (what, probe) => untilProbe(what, probe),
    untilInTime: (what, probe) => untilProbe(what, probe, true),
    versions,
    untilEqual: async (truth) => {
      const wanted = textOf(await truth());
      return untilProbe('the store to be the truth', () => reflector.synced && textOf(versions()) === wanted);
    },
  };
};

const textOf = (versions: ReadonlyMap<string, string>): string =>
  JSON.stringify([...versions].sort(([a], [b]) => (a < b ? -1 : 1)));
