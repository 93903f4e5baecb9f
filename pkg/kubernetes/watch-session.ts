/**
 * One watch from open to end, its events applied to the store, with a look now and then whether it missed any.
 *
 * The look is a list beside the open watch, compared by versions a moment later; keys that changed meanwhile do not count. What it finds
 * missing, and an event that is older than one before it, end the watch: everything is then listed again.
 */
import { type Clock, sleep } from '../process/clock.ts';
import { kubernetesLimits } from '../process/limits.ts';
import type { KubernetesClient } from './client.ts';
import { listAll } from './list-all.ts';
import { keyOf, type ObjectMeta } from './object-meta.ts';
import type { Tell } from './reflector-hooks.ts';
import type { Resource } from './resource.ts';
import { isEarlier } from './resource-version.ts';
import { type Held, isSame, type Store } from './store.ts';
import type { WatchEnd } from './watch.ts';
import type { WatchEvent } from './watch-event.ts';

/** When the next look is due; outlives a session. */
export interface SafetyDue {
  readonly at: number;
  postpone(): void;
}

export interface SessionOptions<T> {
  readonly client: Pick<KubernetesClient, 'listPage' | 'watch'>;
  readonly resource: Resource;
  readonly clock: Clock;
  readonly random: () => number;
  readonly store: Store<T>;
  readonly tell: Tell;
  readonly due: SafetyDue;
  readonly signal: AbortSignal;
  readonly hold: (object: object, meta: ObjectMeta) => Held<T>;
}

export type Suspicion = 'missed' | 'disorder';

export interface SessionEnd {
  readonly end: WatchEnd;
  /** Where a watch can go on. */
  readonly position: string;
  /** Why the session ended itself. */
  readonly suspicion: Suspicion | undefined;
}

type Change = Exclude<WatchEvent, { type: 'BOOKMARK' }>;

/** @throws what a defect threw while an event was applied: nothing can be said of the position then */
export const runSession = async <T>(options: SessionOptions<T>, from: string): Promise<SessionEnd> => {
  const { client, resource, store, tell, random } = options;
  const own = new AbortController();
  const { signal } = own;
  const release = abortWith(own, options.signal);
  let position = from;
  let suspicion: Suspicion | undefined;
  let touched: Set<string> | undefined;
  let broken: { readonly error: unknown } | undefined;

  const suspect = (what: Suspicion): void => {
    suspicion ??= what;
    own.abort();
  };

  const apply = ({ type, meta, object }: Change): void => {
    const key = keyOf(meta);
    const held = store.held(key);
    touched?.add(key);
    if (type === 'DELETED' && held?.meta.uid !== meta.uid) return;
    const changed = type === 'DELETED' ? store.delete(key) : store.set(options.hold(object, meta));
    if (changed) tell.onChange(key);
  };

  const follow = (event: WatchEvent): void => {
    const version = event.type === 'BOOKMARK' ? event.resourceVersion : event.meta.resourceVersion;
    const known = event.type !== 'BOOKMARK' && isKnown(event, store.held(keyOf(event.meta))?.meta);
    if (isEarlier(version, position)) {
      if (!known) suspect('disorder');
      return;
    }
    position = version;
    if (event.type !== 'BOOKMARK' && !known) apply(event);
  };

  const onEvent = (event: WatchEvent): void => {
    if (suspicion !== undefined || broken !== undefined) return;
    try {
      follow(event);
    } catch (error) {
      // Whoever reads the stream swallows it, and the position is past the event already.
      broken = { error };
      own.abort();
    }
  };

  const look = async (): Promise<void> => {
    touched = new Set();
    const listed = await listAll({ client, resource, signal, keep: ({ meta }) => meta });
    if (!listed.ok) return;
    await sleep(options.clock, kubernetesLimits.watchLagMs, signal);
    const missed = store.differences(listed.value.kept, touched);
    if (missed === 0) return;
    tell.onMissed(missed);
    suspect('missed');
  };

  const onOpen = (): void => {
    tell.onConnected(true);
    repeatLook(options, look, signal).catch((error: unknown) => {
      if (!signal.aborted) tell.onBroken(error);
    });
  };

  const timeoutSeconds = Math.floor(
    between(random, kubernetesLimits.watchSecondsMin, kubernetesLimits.watchSecondsMax),
  );
  const end = await client.watch(resource, { resourceVersion: position, timeoutSeconds, signal, onOpen, onEvent });
  own.abort();
  release();
  if (broken !== undefined) throw broken.error;
  return { end, position, suspicion };
};

/** @returns lets go of `signal`, which outlives many sessions */
const abortWith = (own: AbortController, signal: AbortSignal): (() => void) => {
  const stop = () => own.abort();
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  return () => signal.removeEventListener('abort', stop);
};

export const between = (random: () => number, min: number, max: number): number => min + random() * (max - min);

/** A repetition of what the store holds already, or of the end of what it does not hold. */
const isKnown = ({ type, meta }: Change, held: ObjectMeta | undefined): boolean =>
  type === 'DELETED' ? held === undefined : isSame(held, meta);

const repeatLook = async <T>(
  { clock, due }: SessionOptions<T>,
  look: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> => {
  while (!signal.aborted) {
    await sleep(clock, Math.max(0, due.at - clock.now()), signal);
    await look();
    if (!signal.aborted) due.postpone();
  }
};
