/**
 * Keys to be worked on, each at most once at a time, by a bounded number of workers. What is added while it waits is merged; what
 * is added while it is worked on is worked on again.
 *
 * Holds one entry for each key that is not idle: as many as there are objects. An entry is removed when its key becomes idle.
 *
 * idle     no entry; left by `add`
 * delayed  until a time; left when it comes, or by `add`
 * queued   first in, first out; left when a worker is free
 * running  left when the work settles: to queued if it was added meanwhile; to delayed if it failed (after its own growing
 *          back-off), or if it asks to be repeated; else to idle
 * stopped  the queue as a whole, by `stop`: nothing begins any more
 *
 * The queue as a whole pauses for as long as the work asked for: who is overloaded is asked by nobody, and not key by key.
 */
import type { Clock } from '../process/clock.ts';
import { kubernetesLimits } from '../process/limits.ts';
import { type Backoff, createBackoff } from '../resilience/backoff.ts';
import type { ApiFailure } from './api-result.ts';

/** `done`: its failures are forgotten. `failed`: again after its back-off, as if it had thrown. `afterMs`: done, and again then. `pauseMs`: failed, and
 * nothing else begins for so long. */
export type WorkResult = 'done' | 'failed' | { readonly afterMs: number } | { readonly pauseMs: number };

/** An attempt that came to nothing. */
export const failedWith = ({ retryAfterMs }: ApiFailure): WorkResult =>
  retryAfterMs === undefined ? 'failed' : { pauseMs: retryAfterMs };

export interface WorkQueueHooks {
  /** Keys that wait for a worker. Must not throw. */
  readonly onDepth?: (depth: number) => void;
  /** What `work` threw. Must not throw. */
  readonly onError?: (key: string, error: unknown) => void;
}

export interface WorkQueueOptions {
  readonly clock: Clock;
  /** Must settle soon after its signal is aborted: by `stop`, or after `queueWorkMs`. Never runs twice at once for a key. */
  readonly work: (key: string, signal: AbortSignal) => Promise<WorkResult>;
  /** Default: `queueWorkersMax`. */
  readonly workersMax?: number;
  readonly random?: () => number;
  readonly hooks?: WorkQueueHooks;
}

export interface WorkQueue {
  /** As soon as a worker is free. Does not wait for the key's back-off: something is new about it. */
  add(key: string): void;
  /** For good; safe twice. Aborts what runs.
   * @returns how many of them had not settled after `queueStopMs` */
  stop(): Promise<number>;
}

interface Entry {
  state: 'idle' | 'delayed' | 'queued' | 'running';
  /** Ends a delay. */
  cancel: () => void;
  /** While running: added again. */
  again: boolean;
  backoff: Backoff | undefined;
}

export const createWorkQueue = (options: WorkQueueOptions): WorkQueue => {
  const { clock, work, workersMax = kubernetesLimits.queueWorkersMax, random = Math.random, hooks = {} } = options;
  const { queueBackoffMinMs: minMs, queueBackoffMaxMs: maxMs } = kubernetesLimits;
  const entries = new Map<string, Entry>();
  const queued = new Set<string>();
  const running = new Set<Promise<void>>();
  const stopping = new AbortController();
  let pausedUntil = 0;
  let cancelPause = () => {};

  const entryOf = (key: string): Entry => {
    const known = entries.get(key);
    if (known !== undefined) return known;
    const entry: Entry = { state: 'idle', cancel: () => {}, again: false, backoff: undefined };
    entries.set(key, entry);
    return entry;
  };

  const enqueue = (key: string, entry: Entry): void => {
    entry.cancel();
    entry.state = 'queued';
    queued.add(key);
    hooks.onDepth?.(queued.size);
    startNext();
  };

  const delay = (key: string, entry: Entry, ms: number): void => {
    entry.state = 'delayed';
    entry.cancel = clock.after(ms, () => enqueue(key, entry));
  };

  const pause = (ms: number): void => {
    if (clock.now() + ms <= pausedUntil) return;
    pausedUntil = clock.now() + ms;
    cancelPause();
    cancelPause = clock.after(ms, () => {
      pausedUntil = 0;
      startNext();
    });
  };

  const startNext = (): void => {
    const [key] = queued;
    if (key === undefined || running.size >= workersMax || pausedUntil > 0 || stopping.signal.aborted) return;
    queued.delete(key);
    hooks.onDepth?.(queued.size);
    const entry = entryOf(key);
    entry.state = 'running';
    const run = runOne(key).then((result) => {
      running.delete(run);
      settle(key, entry, result);
      startNext();
    });
    running.add(run);
    startNext();
  };

  const runOne = async (key: string): Promise<WorkResult> => {
    const own = new AbortController();
    const abort = () => own.abort();
    stopping.signal.addEventListener('abort', abort, { once: true });
    const cancel = clock.after(kubernetesLimits.queueWorkMs, abort);
    try {
      return await work(key, own.signal);
    } catch (error) {
      hooks.onError?.(key, error);
      return 'failed';
    } finally {
      cancel();
      stopping.signal.removeEventListener('abort', abort);
    }
  };

  const settle = (key: string, entry: Entry, result: WorkResult): void => {
    const { again } = entry;
    entry.again = false;
    if (stopping.signal.aborted) return;
    const waitMs = waitAfter(entry, result);
    if (again) enqueue(key, entry);
    else if (waitMs === undefined) entries.delete(key);
    else delay(key, entry, waitMs);
  };

  const waitAfter = (entry: Entry, result: WorkResult): number | undefined => {
    if (result === 'done' || (result !== 'failed' && 'afterMs' in result)) {
      entry.backoff = undefined;
      return result === 'done' ? undefined : result.afterMs;
    }
    if (result !== 'failed') pause(result.pauseMs);
    entry.backoff ??= createBackoff({ minMs, maxMs, random });
    return entry.backoff.nextMs();
  };

  return {
    add: (key) => {
      if (stopping.signal.aborted) return;
      const entry = entryOf(key);
      if (entry.state === 'running') entry.again = true;
      else if (entry.state !== 'queued') enqueue(key, entry);
    },
    stop: async () => {
      stopping.abort();
      cancelPause();
      for (const entry of entries.values()) entry.cancel();
      entries.clear();
      queued.clear();
      hooks.onDepth?.(0);
      const { promise, resolve } = Promise.withResolvers<void>();
      const cancel = clock.after(kubernetesLimits.queueStopMs, resolve);
      await Promise.race([Promise.all(running), promise]);
      cancel();
      return running.size;
    },
  };
};
