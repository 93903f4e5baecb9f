/**
 * The handler's settings. With controller-settings.ts the only reader of the environment.
 *
 * The README's table of settings is compared with `handlerSettings` by a test.
 */
import type { Parsed } from '../errors/problem.ts';
import { databaseLimits, processLimits, redisLimits, requestLimits } from './limits.ts';
import {
  certificates,
  type Environment,
  logLevel,
  oneOf,
  postgresUrl,
  readSettings,
  type Setting,
  type Settings,
  text,
  url,
  whole,
} from './setting.ts';

/** Required unless a default is named; `optional` ones may be absent. */
export const handlerSettings = {
  HOST: text('0.0.0.0', 'Address on which the handler listens, for traffic and for administration'),
  PORT: whole(8080, 0, 65_535, 'Port for traffic, `POST /data-action`'),
  ADMIN_PORT: whole(
    8081,
    0,
    65_535,
    'Port for health, metrics, the configuration report and OpenAPI documents; not for the world',
  ),
  BUNDLE_DIR: text(
    '/run/data-actions',
    'Directory of the configuration bundle, which the controller writes and the handler reads',
  ),
  DATABASE_URL: postgresUrl('URL of the PostgreSQL that has the rows and the audit log'),
  DATABASE_LISTEN_URL: postgresUrl(
    'URL of PostgreSQL itself, for LISTEN, where DATABASE_URL leads to a pooler in transaction mode',
  ),
  DATABASE_CA_FILE: certificates("PEM file of the authority that signed PostgreSQL's certificate"),
  DATABASE_POOL_MAX: whole(
    databaseLimits.poolMax,
    1,
    500,
    'Connections of the pool to PostgreSQL at most; one more listens for invalidations',
  ),
  DATABASE_POOL_MIN: whole(
    databaseLimits.poolMin,
    0,
    500,
    'Connections of the pool that stay open when nothing happens',
  ),
  DATABASE_QUEUE_MAX: whole(
    databaseLimits.queueMax,
    0,
    100_000,
    'Requests that may wait for a connection of the pool at once; a further one is answered with 503',
  ),
  STATEMENT_TIMEOUT_MS: whole(
    databaseLimits.statementTimeoutMs,
    100,
    60_000,
    "Milliseconds after which PostgreSQL ends a lookup, whatever its tenant's deadline (504), and an INSERT of audit rows",
  ),
  REDIS_URL: url(
    ['redis:', 'rediss:'],
    'URL of the Redis that caches rows for all pods; left out: each pod caches in its memory alone',
    { many: true },
  ),
  REDIS_PASSWORD: text(undefined, 'Password of Redis, where REDIS_URL has none'),
  REDIS_CA_FILE: certificates("PEM file of the authority that signed Redis' certificate"),
  REDIS_TIMEOUT_MS: whole(
    redisLimits.commandTimeoutMs,
    1,
    10_000,
    'Milliseconds within which Redis has to answer; later counts as a failure for the breaker, and PostgreSQL is asked',
  ),
  REDIS_PROBE_INTERVAL_MS: whole(
    redisLimits.breakerProbeIntervalMs,
    10,
    600_000,
    'Milliseconds between two probes of Redis while its breaker is open',
  ),
  PODS_MAX: whole(
    1,
    1,
    1_000,
    'Pods at most; while Redis is away each makes this fraction of `cxone.requestsPerSecond`',
  ),
  CXONE_CA_FILE: certificates('PEM file of an authority that is trusted for CXone hosts, besides the public ones'),
  CXONE_ALLOW_PRIVATE_ADDRESSES: oneOf(
    ['false', 'true'],
    'false',
    "`true`, for tests alone, lets tenants' CXone hosts have loopback, link-local and private addresses",
  ),
  MEMORY_CACHE_BYTES: whole(
    processLimits.memoryCacheBytes,
    0,
    8 * 2 ** 30,
    'Bytes of rows that the pod caches in its memory; 0: none. Its memory limit has to grow by twice as much',
  ),
  BODY_BYTES_MAX: whole(
    requestLimits.bodyBytesMax,
    1_024,
    1_048_576,
    'Bytes of the body of a request at most; more is answered with 413',
  ),
  BODY_TIMEOUT_MS: whole(
    requestLimits.bodyTimeoutMs,
    100,
    requestLimits.bodyTimeoutMsMax,
    'Milliseconds within which the body of a request has to arrive; later is answered with 504',
  ),
  REQUESTS_IN_FLIGHT_MAX: whole(
    processLimits.requestsInFlightMax,
    1,
    100_000,
    'Requests under way at once in the process, and besides as many whose bodies are on their way; a further one is answered with 503, or the body that has been on its way longest',
  ),
  BODY_BYTES_IN_FLIGHT_MAX: whole(
    processLimits.bodyBytesInFlightMax,
    1_024,
    2 ** 31,
    'Bytes of the bodies of all requests under way, as they come; one that would exceed them is answered with 503, and before it those on their way longest',
  ),
  DRAIN_DELAY_MS: whole(
    processLimits.drainDelayMs,
    0,
    60_000,
    'Milliseconds from SIGTERM in which the handler is not ready and still serves, for load balancers to notice',
  ),
  DRAIN_TIMEOUT_MS: whole(
    processLimits.drainTimeoutMs,
    100,
    600_000,
    'Milliseconds after that in which requests under way have to end',
  ),
  LOG_LEVEL: logLevel,
} as const satisfies Record<string, Setting<unknown>>;

type SettingName = keyof typeof handlerSettings;
const optional = [
  'DATABASE_LISTEN_URL',
  'DATABASE_CA_FILE',
  'REDIS_URL',
  'REDIS_PASSWORD',
  'REDIS_CA_FILE',
  'CXONE_CA_FILE',
] as const;

/** By the names of the environment's variables. */
export type HandlerSettings = Settings<typeof handlerSettings, (typeof optional)[number]>;

/** The first is at most the second. */
const relations: readonly (readonly [SettingName, SettingName])[] = [
  ['DATABASE_POOL_MIN', 'DATABASE_POOL_MAX'],
  ['BODY_BYTES_MAX', 'BODY_BYTES_IN_FLIGHT_MAX'],
];

/** All problems at once. */
export const loadSettings = (env: Environment): Parsed<HandlerSettings> =>
  readSettings(handlerSettings, { optional, relations }, env);
