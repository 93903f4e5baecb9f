/**
 * Hears what changed: LISTEN on a connection of its own (a pooler in transaction mode cannot do it), made again for ever.
 *
 * connecting  until LISTEN is acknowledged; left for listening, or after back-off for connecting
 * listening   a heartbeat proves that the connection still carries something; its silence leads back to connecting
 *
 * What was sent before it listens is lost to this process: `onGap` is told each time that listening begins, the first time too. Whether other
 * handlers heard it, PostgreSQL knows: it has their connections, and when each last had a heartbeat.
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
import { isRefusal, toAppError } from './pg-error.ts';

export interface ListenerOptions {
  readonly url: string;
  readonly ca?: string | undefined;
  readonly clock: Clock;
  readonly hooks: {
    onNotification(notification: Notification): void;
    /** This process may have missed what was told before.
     * @param othersForMs  for so long another one has been listening by now; 0: none is, or PostgreSQL does not say */
    onGap(othersForMs: number): void;
    /** One that could not be understood: someone else uses the channel. */
    onGarbage?(): void;
    onUnavailable?(error: AppError): void;
  };
}

export interface InvalidationListener {
  /** Begins to connect. Resolves once it listens, or its first attempt has failed; never rejects. */
  start(): Promise<void>;
  /** Whether LISTEN was acknowledged on the connection that there is. */
  listening(): boolean;
  stop(): Promise<void>;
}

const applicationName = 'cxone-data-actions listen';

/** Asks who else listens to this database, and since when, and says so of itself, all by names of sessions. One whose heartbeats have ended is that
 * of a handler that is gone. Of logins whose sessions this one may not see, `state_change` is null. */
const whoElse = `WITH clock AS (SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS ms),
others AS (
  SELECT min(substring(application_name FROM '^${applicationName} since (\\d{13})$')::bigint) AS since FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND state_change > clock_timestamp() - $1 * interval '1 millisecond'
)
SELECT coalesce(clock.ms - others.since, 0)::float8 AS ms, set_config('application_name', '${applicationName} since ' || clock.ms, false)
FROM clock, others`;

const othersListenForMs = async (client: Client): Promise<number> => {
  const silenceMs = databaseLimits.heartbeatIntervalMs + databaseLimits.connectTimeoutMs;
  try {
    const { rows } = await client.query<{ ms: number }>(whoElse, [silenceMs]);
    return Math.max(0, rows[0]?.ms ?? 0);
  } catch (error) {
    // What speaks PostgreSQL's protocol need not have its views.
    if (isRefusal(error)) return 0;
    throw error;
  }
};

export const createInvalidationListener = ({ url, ca, clock, hooks }: ListenerOptions): InvalidationListener => {
  const life = new AbortController();
  const backoff = createBackoff({ minMs: databaseLimits.reconnectMinMs, maxMs: databaseLimits.reconnectMaxMs });
  let listening = false;
  let looping: Promise<void> | undefined;
  const tried = Promise.withResolvers<void>();

  const onMessage = (payload: string | undefined): void => {
    const decoded = decodeNotification(payload ?? '');
    if (decoded.ok) hooks.onNotification(decoded.value);
    else hooks.onGarbage?.();
  };

  const answered = <T>(work: Promise<T>): Promise<T> => {
    const deadline = createDeadline(clock, databaseLimits.connectTimeoutMs);
    return deadline.race(work).finally(() => deadline.close());
  };

  /** Returns when the connection is no longer of use. */
  const listen = async (client: Client): Promise<void> => {
    await answered(client.connect());
    await answered(client.query(`LISTEN ${invalidationChannel}`));
    listening = true;
    // Asked now and not before: another one that ended in between would be missed.
    hooks.onGap(await answered(othersListenForMs(client)));
    tried.resolve();
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
      application_name: applicationName,
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
      tried.resolve();
      await sleep(clock, backoff.nextMs(), life.signal).catch(() => {});
    }
  };

  return {
    start: () => {
      looping ??= loop();
      return tried.promise;
    },
    listening: () => listening,
    stop: async () => {
      life.abort();
      await looping;
    },
  };
};
