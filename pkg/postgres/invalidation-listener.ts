/**
 * Hears what changed: LISTEN on a connection of its own (a pooler in transaction mode cannot do it), made again for ever.
 *
 * connecting  until LISTEN is acknowledged; left for listening, or after back-off for connecting
 * listening   a heartbeat proves that the connection still carries something; its silence leads back to connecting.
 *             What was sent in between is lost: `onGap` is told when listening begins after an attempt that failed or ended.
 */
import { once } from 'node:events';
import { Client } from 'pg';
import type { AppError } from '../errors/app-error.ts';
import { type Clock, sleep } from '../process/clock.ts';
import { databaseLimits } from '../process/limits.ts';
import { createBackoff } from '../resilience/backoff.ts';
import { createDeadline } from '../resilience/deadline.ts';
import { clientOptions } from './connection-options.ts';
import { decodeNotification, invalidationChannel, type Notification } from './invalidation-channel.ts';
import { toAppError } from './pg-error.ts';

export interface ListenerOptions {
  readonly url: string;
  readonly ca?: string | undefined;
  readonly clock: Clock;
  readonly hooks: {
    onNotification(notification: Notification): void;
    /** Notifications may have been missed. */
    onGap(): void;
    /** One that could not be understood: someone else uses the channel. */
    onGarbage?(): void;
    onUnavailable?(error: AppError): void;
  };
}

export interface InvalidationListener {
  /** Begins to connect and returns at once. */
  start(): void;
  /** Whether LISTEN was acknowledged on the connection that there is. */
  listening(): boolean;
  stop(): Promise<void>;
}

export const createInvalidationListener = ({ url, ca, clock, hooks }: ListenerOptions): InvalidationListener => {
  const life = new AbortController();
  const backoff = createBackoff({ minMs: databaseLimits.reconnectMinMs, maxMs: databaseLimits.reconnectMaxMs });
  let listening = false;
  let mayHaveMissed = false;
  let looping: Promise<void> | undefined;

  const onMessage = (payload: string | undefined): void => {
    const decoded = decodeNotification(payload ?? '');
    if (decoded.ok) hooks.onNotification(decoded.value);
    else hooks.onGarbage?.();
  };

  const answered = async (work: Promise<unknown>): Promise<void> => {
    const deadline = createDeadline(clock, databaseLimits.connectTimeoutMs);
    await deadline.race(work).finally(() => deadline.close());
  };

  /** Returns when the connection is no longer of use. */
  const listen = async (client: Client): Promise<void> => {
    await answered(client.connect());
    await answered(client.query(`LISTEN ${invalidationChannel}`));
    listening = true;
    if (mayHaveMissed) hooks.onGap();
    mayHaveMissed = false;
    backoff.reset();
    while (!life.signal.aborted) {
      await sleep(clock, databaseLimits.heartbeatIntervalMs, life.signal).catch(() => {});
      if (!life.signal.aborted) await answered(client.query('SELECT 1'));
    }
  };

  const attempt = async (): Promise<void> => {
    const client = new Client({
      ...clientOptions(url, ca),
      connectionTimeoutMillis: databaseLimits.connectTimeoutMs,
      keepAlive: true,
      application_name: 'cxone-data-actions listen',
    });
    client.on('notification', ({ payload }) => onMessage(payload));
    // A lost connection is noticed at once; waiting for the heartbeat would be late.
    const lost = Promise.race([once(client, 'end'), once(client, 'error')]).then(() => {
      throw new Error('connection lost');
    });
    lost.catch(() => {});
    client.on('error', () => {});
    try {
      await Promise.race([listen(client), lost]);
    } finally {
      listening = false;
      await answered(client.end()).catch(() => {});
    }
  };

  const loop = async (): Promise<void> => {
    while (!life.signal.aborted) {
      await attempt().catch((error: unknown) => {
        if (!life.signal.aborted) hooks.onUnavailable?.(toAppError(error));
      });
      mayHaveMissed = true;
      await sleep(clock, backoff.nextMs(), life.signal).catch(() => {});
    }
  };

  return {
    start: () => {
      looping ??= loop();
    },
    listening: () => listening,
    stop: async () => {
      life.abort();
      await looping;
    },
  };
};
