/**
 * One watch from a resourceVersion on, by client-node's Watch, until it ends: for whatever reason, once, told by its result.
 *
 * The silence timer is ours, on our clock: any byte starts it again, and the API server's bookmarks come about every minute. (Not
 * for a kind of which there was no event since that server began: silence may mean just that.)
 * An ERROR event is a failure like the HTTP status that it stands for. Keeps no objects and never connects again by itself.
 *
 * opening  until the response's headers; left when they come, by a failure, or after `watchOpenMs`
 * open     after a 200; left when the server ends it, by a failure, an ERROR event, or after `watchSilenceMs` without a byte
 * ended    nothing is passed on any more
 */
import { Watch } from '@kubernetes/client-node';
import type { Clock } from '../process/clock.ts';
import { kubernetesLimits } from '../process/limits.ts';
import { failureOf } from './api-failure.ts';
import type { ApiFailure } from './api-result.ts';
import { endWith } from './call.ts';
import { createExchange, type Exchange } from './exchange.ts';
import type { Resource } from './resource.ts';
import type { Transport } from './transport.ts';
import { readWatchEvent, type WatchEvent } from './watch-event.ts';

export interface WatchOptions {
  /** Events come from after it. */
  readonly resourceVersion: string;
  /** The server ends the watch then. */
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
  readonly onOpen: () => void;
  /** In the server's order, never after the end. Must not throw: client-node would swallow it. */
  readonly onEvent: (event: WatchEvent) => void;
}

/** `undefined`: the server ended it, as it does from time to time. */
export type WatchEnd = ApiFailure | undefined;

/** @returns never rejects */
export type FollowWatch = (resource: Resource, options: WatchOptions) => Promise<WatchEnd>;

export const createFollowWatch =
  (transport: Transport, clock: Clock): FollowWatch =>
  async (resource, options) => {
    const alarm = createAlarm(clock);
    let isOpen = false;
    const exchange = createExchange({
      bytesMax: kubernetesLimits.eventBytesMax,
      counts: 'line',
      onStatus: (status) => {
        isOpen = true;
        alarm.set(kubernetesLimits.watchSilenceMs);
        if (status === 200 && exchange.endedBy === undefined) options.onOpen();
      },
      onBytes: () => alarm.set(kubernetesLimits.watchSilenceMs),
    });
    const release = endWith(exchange, options.signal);
    alarm.start(kubernetesLimits.watchOpenMs, () => exchange.end(isOpen ? 'silent' : 'timed_out'));

    const end = await stream(exchange, { resource, options, transport, clock });
    alarm.cancel();
    release();
    exchange.end('stopped');
    if (end?.reason === 'unauthorized') transport.distrust();
    return end;
  };

interface Parts {
  readonly resource: Resource;
  readonly options: WatchOptions;
  readonly transport: Transport;
  readonly clock: Clock;
}

const stream = (exchange: Exchange, { resource, options, transport, clock }: Parts): Promise<WatchEnd> => {
  const { promise, resolve } = Promise.withResolvers<WatchEnd>();
  let ended = false;
  const finish = (end: WatchEnd): void => {
    ended = true;
    resolve(end);
  };
  const fail = (error: unknown): void => finish(failureOf(error, exchange, clock.wall()));
  const onAbort = (): void => fail(exchange.signal.reason);
  exchange.signal.addEventListener('abort', onAbort, { once: true });
  if (exchange.signal.aborted) onAbort();

  const onLine = (type: string, object: unknown): void => {
    if (ended) return;
    const line = readWatchEvent(type, object);
    if ('event' in line) options.onEvent(line.event);
    else finish(line.failure);
  };
  const onDone = (error: unknown): void => (error ? fail(error) : finish(undefined));

  const { resourceVersion, timeoutSeconds } = options;
  const query = { ...resource.selectors, resourceVersion, timeoutSeconds, allowWatchBookmarks: true };
  const watch = new Watch(transport.configFor(exchange));
  // Its own silence timer, on the system's clock, only stands behind ours.
  Reflect.set(watch, 'requestTimeoutMs', 2 * kubernetesLimits.watchSilenceMs);
  watch.watch(resource.path, query, onLine, onDone).catch(fail);
  return promise;
};

/** One timer that is looked at when it fires, not moved at every byte. */
const createAlarm = (clock: Clock) => {
  let dueAt = 0;
  let cancel: () => void = () => {};
  const wait = (ring: () => void): void => {
    const leftMs = dueAt - clock.now();
    if (leftMs <= 0) ring();
    else cancel = clock.after(Math.ceil(leftMs), () => wait(ring));
  };
  return {
    start: (ms: number, ring: () => void): void => {
      dueAt = clock.now() + ms;
      wait(ring);
    },
    /** Never earlier than it was. */
    set: (ms: number): void => {
      dueAt = clock.now() + ms;
    },
    cancel: (): void => cancel(),
  };
};
