/**
 * Hears what changed: LISTEN on a connection of its own (a pooler in transaction mode cannot do it), made again for ever.
 *
 * connecting  until LISTEN is acknowledged; left for listening, or after back-off for connecting
 * listening   a heartbeat proves that the connection still carries something; its silence leads back to connecting
 *
 * What was sent before it listens is lost to this process: `onGap` is told each time that listening begins, the first time too. Whether other
 * handlers heard it, PostgreSQL knows: it has their connections, and when each last had a heartbeat. Each says by the name of its session since when
 * whatever it heard was removed from Redis; one that could not remove it says nothing until a heartbeat finds that it could again.
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
  /** What was heard could not be removed from Redis: whoever comes must not believe what is there for this listener's sake. */
  doubt(): void;
  stop(): Promise<void>;
}

const applicationName = 'cxone-data-actions listen';

const now = 'SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS ms';
const nameSession = `set_config('application_name', '${applicationName} since ' || clock.ms, false)`;
const saySince = `WITH clock AS (${now}) SELECT ${nameSession} FROM clock`;
const sayNothing = `SELECT set_config('application_name', '${applicationName}', false)`;

/** Asks who else listens to this database, and since when, and says so of itself, all by names of sessions. One whose heartbeats have ended is that
 * of a handler that is gone. Of logins whose sessions this one may not see, `state_change` is null. */
const whoElse = `WITH clock AS (${now}),
others AS (
  SELECT min(substring(application_name FROM '^${applicationName} since (\\d{13})$')::bigint) AS since FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND state_change > clock_timestamp() - $1 * interval '1 millisecond'
)
SELECT coalesce(clock.ms - others.since, 0)::float8 AS ms, ${nameSession}
FROM clock, others`;

/** What speaks PostgreSQL's protocol need not have its views, nor its settings: that it refuses is an answer, too. */
const passOverRefusal = (error: unknown): undefined => {
  if (!isRefusal(error)) throw error;
};

const othersListenForMs = async (client: Client): Promise<number> => {
  const silenceMs = databaseLimits.heartbeatIntervalMs + databaseLimits.connectTimeoutMs;
  const answer = await client.query<{ ms: number }>(whoElse, [silenceMs]).catch(passOverRefusal);
  return Math.max(0, answer?.rows[0]?.ms ?? 0);
};

export const createInvalidationListener = ({ url, ca, clock, hooks }: ListenerOptions): InvalidationListener => {
  const life = new AbortController();
  const backoff = createBackoff({ minMs: databaseLimits.reconnectMinMs, maxMs: databaseLimits.reconnectMaxMs });
  let listening = false;
  /** Whether its session's name does. */
  let saysSince = false;
  let isDoubted = false;
  let heartbeat = new AbortController();
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

  /** What is to be said next; it counts as said. */
  const nextWord = (): string => {
    const changes = isDoubted === saysSince;
    isDoubted = false;
    if (!changes) return 'SELECT 1';
    saysSince = !saysSince;
    return saysSince ? saySince : sayNothing;
  };
  const isToSayNothing = (): boolean => saysSince && isDoubted;

  /** Returns when the connection is no longer of use. */
  const listen = async (client: Client): Promise<void> => {
    await answered(client.connect());
    await answered(client.query(`LISTEN ${invalidationChannel}`));
    listening = true;
    isDoubted = false;
    saysSince = true;
    // Asked now and not before: another one that ended in between would be missed.
    hooks.onGap(await answered(othersListenForMs(client)));
    tried.resolve();
    backoff.reset();
    while (!life.signal.aborted) {
      heartbeat = new AbortController();
      if (!isToSayNothing()) await sleep(clock, databaseLimits.heartbeatIntervalMs, heartbeat.signal).catch(() => {});
      if (!life.signal.aborted) await answered(client.query(nextWord()).catch(passOverRefusal));
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
    doubt: () => {
      isDoubted = true;
      if (isToSayNothing()) heartbeat.abort();
    },
    stop: async () => {
      life.abort();
      heartbeat.abort();
      await looping;
    },
  };
};
