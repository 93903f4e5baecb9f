/**
 * Keeps a store equal to one resource of the API server: list, watch, and list again whenever the watch cannot be trusted to have
 * told everything. One loop, so that there is never a second list or watch; it ends only by `stop`.
 *
 * idle      from creation; left by `start`
 * listing   everything is read; left to watching, or on a failure to waiting
 * watching  events are applied; left when the watch ends: to itself at once (the server ended it after a while, or silence), to listing
 *           (410, disorder, something missed, a failure that leaves the position in doubt), or to waiting first; after an outage the server's
 *           version is looked at before, since an etcd restored from a backup has an earlier one: to listing
 * waiting   backing off, or as long as the server asked for; left to where it was going
 * stopped   from any other; nothing is told any more
 *
 * Bounds: an API call 10 s, a watch whose packets vanish 15 s, a silent one 90 s, a wait 30 s, or 2 s for a server that cannot be reached (or Retry-After, at most 2 min), a missed event 5 to 10 min (after an outage half a minute to one) and the list after it.
 */
import type { Clock } from '../process/clock.ts';
import { kubernetesLimits } from '../process/limits.ts';
import { type ApiFailure, type ApiResult, succeeded } from './api-result.ts';
import type { KubernetesClient } from './client.ts';
import { listAll } from './list-all.ts';
import type { ObjectMeta } from './object-meta.ts';
import { createTell, type ReflectorHooks, type Tell } from './reflector-hooks.ts';
import {
  isFailure,
  isUnreached,
  type RelistReason,
  type Step,
  stepAfterFailedList,
  stepAfterWatch,
} from './reflector-step.ts';
import { createDue, createWait } from './reflector-times.ts';
import type { Resource } from './resource.ts';
import { isEarlier } from './resource-version.ts';
import { createStore, type Held, type Store, type StoreReader } from './store.ts';
import { runSession } from './watch-session.ts';

export type ReflectorState = 'idle' | 'listing' | 'watching' | 'waiting' | 'stopped';

export interface ReflectorOptions<T> {
  readonly client: Pick<KubernetesClient, 'listPage' | 'watch'>;
  readonly resource: Resource;
  /** What to keep of an object, and nothing else is; `undefined` keeps nothing. @param manifest  not shared with anyone */
  readonly transform: (manifest: object, meta: ObjectMeta) => T | undefined;
  readonly clock: Clock;
  readonly random?: () => number;
  readonly hooks?: ReflectorHooks;
}

export interface Reflector<T> {
  readonly store: StoreReader<T>;
  readonly state: ReflectorState;
  /** The first list is in the store. */
  readonly synced: boolean;
  /** Begins; twice is once. @returns resolves when the first list is in the store, or by `stop` */
  start(): Promise<void>;
  /** For good; safe twice. @returns resolves when nothing goes on any more, after `reflectorStopMs` at the latest */
  stop(): Promise<void>;
  /** Passes one object through `transform` again, whose mind has changed about it. To be asked for whenever something needed was not kept,
   * also after the next `onChange`: a list under way may still bring what was kept by the old mind.
   * @returns whether there was anything to do: no for a key that is not there, or that another version replaces anyway */
  reread(key: string): Promise<ApiResult<boolean>>;
}

export const createReflector = <T>(options: ReflectorOptions<T>): Reflector<T> => {
  const { client, resource, clock } = options;
  const tell = createTell(options.hooks ?? {});
  const store = createStore<T>();
  const stopping = new AbortController();
  const synced = Promise.withResolvers<void>();
  const hold = createHold(options, tell);
  const loop = createLoop({ ...options, tell, store, hold, signal: stopping.signal, onFirstList: synced.resolve });
  let running: Promise<void> | undefined;

  return {
    store,
    get state() {
      if (stopping.signal.aborted) return 'stopped';
      return running === undefined ? 'idle' : loop.state();
    },
    get synced() {
      return loop.synced();
    },
    start: () => {
      if (!stopping.signal.aborted) running ??= loop.run();
      return synced.promise;
    },
    stop: async () => {
      stopping.abort();
      synced.resolve();
      await settledWithin(running ?? Promise.resolve(), clock, kubernetesLimits.reflectorStopMs);
    },
    reread: async (key) => {
      const name = store.held(key)?.meta.name;
      if (name === undefined) return succeeded(false);
      const page = await client.listPage(resource, { limit: 1, name }, { signal: stopping.signal });
      if (!page.ok) return page;
      const [item] = page.value.items;
      const renewed = item !== undefined && store.renew(hold(item.object, item.meta));
      if (renewed) tell.onChange(key);
      return succeeded(renewed);
    },
  };
};

const settledWithin = async (work: Promise<void>, clock: Clock, ms: number): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(ms, resolve);
  await Promise.race([work, promise]);
  cancel();
};

const createHold =
  <T>({ resource, transform }: ReflectorOptions<T>, tell: Tell) =>
  (object: object, meta: ObjectMeta): Held<T> => {
    try {
      return { meta, value: transform(resource.manifestOf(object, meta), meta) };
    } catch (error) {
      tell.onBroken(error);
      return { meta, value: undefined };
    }
  };

interface LoopOptions<T> extends ReflectorOptions<T> {
  readonly tell: Tell;
  readonly store: Store<T>;
  readonly hold: (object: object, meta: ObjectMeta) => Held<T>;
  readonly signal: AbortSignal;
  readonly onFirstList: () => void;
}

const createLoop = <T>(options: LoopOptions<T>) => {
  const { client, resource, clock, tell, store, hold, signal, random = Math.random } = options;
  const due = createDue(clock, random);
  const wait = createWait(clock, random, signal);
  let state: ReflectorState = 'listing';
  let isSynced = false;
  /** What failed last did not reach the server. */
  let isAway = false;
  /** Set: everything has to be listed. */
  let relist: RelistReason | undefined = 'start';
  let position = '';
  /** The position is where a list ended. */
  let isFirst = false;
  /** The server was away: it may have come back with an earlier state, whose changes would not be told before its versions have passed the position. */
  let isDoubted = false;

  const list = async (): Promise<Step> => {
    const listed = await listAll({ client, resource, signal, keep: ({ object, meta }) => hold(object, meta) });
    if (signal.aborted) return {};
    if (!listed.ok) {
      fail(listed.failure);
      return stepAfterFailedList(listed.failure);
    }
    relist = undefined;
    isDoubted = false;
    position = listed.value.resourceVersion;
    isFirst = true;
    due.postpone();
    for (const key of store.replace(listed.value.kept)) tell.onChange(key);
    if (!isSynced) {
      isSynced = true;
      options.onFirstList();
      tell.onSynced();
    }
    return {};
  };

  const confirm = async (): Promise<Step> => {
    const page = await client.listPage(resource, { limit: 1 }, { signal });
    if (signal.aborted) return {};
    if (!page.ok) {
      fail(page.failure);
      return stepAfterFailedList(page.failure);
    }
    isDoubted = false;
    if (isEarlier(page.value.resourceVersion, position)) return { relist: 'disorder' };
    // An earlier state may have passed the position by now.
    due.hasten();
    return {};
  };

  const watch = async (): Promise<Step> => {
    const began = clock.now();
    const past = { isFirst };
    isFirst = false;
    const session = await runSession({ client, resource, clock, random, store, tell, due, signal, hold }, position);
    position = session.position;
    if (signal.aborted) return {};
    // Disorder may be the server's habit: it is not followed at any speed.
    if (session.suspicion === 'disorder') return { relist: 'disorder', waitMs: 0 };
    if (session.suspicion === 'missed') return { relist: 'missed' };
    if (isFailure(session.end)) fail(session.end);
    return stepAfterWatch(session.end, { ...past, livedMs: clock.now() - began });
  };

  const fail = (failure: ApiFailure): void => {
    isAway = isUnreached(failure);
    isDoubted ||= isAway;
    tell.onConnected(false);
    tell.onFailure(failure);
  };

  const turn = async (): Promise<void> => {
    state = relist === undefined ? 'watching' : 'listing';
    isAway = false;
    const step = await (relist !== undefined ? list() : isDoubted ? confirm() : watch());
    if (step.relist !== undefined) {
      relist = step.relist;
      tell.onRelist(relist);
    }
    if (step.waitMs === undefined) return;
    state = 'waiting';
    await wait(step.waitMs, isAway);
  };

  const run = async (): Promise<void> => {
    tell.onRelist('start');
    while (!signal.aborted) {
      try {
        await turn();
      } catch (error) {
        if (signal.aborted) return;
        tell.onBroken(error);
        relist = 'failed';
        state = 'waiting';
        await wait(0, false).catch(() => {});
      }
    }
  };
  return { run, state: () => state, synced: () => isSynced };
};
