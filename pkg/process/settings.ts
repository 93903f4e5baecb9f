/**
 * The handler's settings. With controller-settings.ts the only reader of the environment.
 *
 * The README's table of settings is compared with `handlerSettings` by a test.
 */
import type { Parsed } from '../errors/problem.ts';
import { databaseLimits, processLimits, redisLimits, requestLimits } from './limits.ts';
import {
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
  HOST: text('0.0.0.0', 'Address both servers listen on'),
  PORT: whole(8080, 0, 65_535, 'Traffic: `POST /data-action`'),
  ADMIN_PORT: whole(8081, 0, 65_535, 'Health, metrics, configuration report'),
  BUNDLE_DIR: text('/run/data-actions', 'Directory of the configuration bundle'),
  DATABASE_URL: postgresUrl('PostgreSQL, the truth and the audit log'),
  DATABASE_LISTEN_URL: postgresUrl('Direct connection for LISTEN when DATABASE_URL is a pooler'),
  DATABASE_CA_FILE: text(undefined, "PEM file of the authority that signed PostgreSQL's certificate"),
  DATABASE_POOL_MAX: whole(databaseLimits.poolMax, 1, 500, 'Connections to PostgreSQL at most'),
  DATABASE_POOL_MIN: whole(databaseLimits.poolMin, 0, 500, 'Connections to PostgreSQL kept warm'),
  DATABASE_QUEUE_MAX: whole(databaseLimits.queueMax, 0, 100_000, 'Waiters in front of the pool; more are a 503'),
  STATEMENT_TIMEOUT_MS: whole(
    databaseLimits.statementTimeoutMs,
    100,
    60_000,
    "Of lookups, whatever their tenants' deadlines, and of audit rows; a lookup that takes longer is a 504",
  ),
  REDIS_URL: url(['redis:', 'rediss:'], 'Second cache tier; left out: memory alone', { many: true }),
  REDIS_PASSWORD: text(undefined, 'Password of Redis, for a REDIS_URL without one'),
  REDIS_CA_FILE: text(undefined, "PEM file of the authority that signed Redis' certificate"),
  REDIS_TIMEOUT_MS: whole(redisLimits.commandTimeoutMs, 1, 10_000, 'A slower answer counts as a failure'),
  REDIS_PROBE_INTERVAL_MS: whole(
    redisLimits.breakerProbeIntervalMs,
    10,
    600_000,
    'Between probes while the breaker is open',
  ),
  PODS_MAX: whole(
    1,
    1,
    1_000,
    "How many pods at most share `cxone.requestsPerSecond`: each one's part while Redis is away",
  ),
  CXONE_CA_FILE: text(undefined, 'PEM file of an authority to trust for CXone hosts, besides the public ones'),
  CXONE_ALLOW_PRIVATE_ADDRESSES: oneOf(
    ['false', 'true'],
    'false',
    "For tests: lets tenants' CXone hosts be loopback, link-local and private addresses",
  ),
  MEMORY_CACHE_BYTES: whole(processLimits.memoryCacheBytes, 0, 8 * 2 ** 30, 'First cache tier'),
  BODY_BYTES_MAX: whole(requestLimits.bodyBytesMax, 1_024, 1_048_576, 'Body of a request'),
  BODY_TIMEOUT_MS: whole(
    requestLimits.bodyTimeoutMs,
    100,
    requestLimits.bodyTimeoutMsMax,
    'A body has to be complete by then',
  ),
  REQUESTS_IN_FLIGHT_MAX: whole(
    processLimits.requestsInFlightMax,
    1,
    100_000,
    'At once in this process; more are a 503',
  ),
  BODY_BYTES_IN_FLIGHT_MAX: whole(processLimits.bodyBytesInFlightMax, 1_024, 2 ** 31, 'Held at once; more are a 503'),
  DRAIN_DELAY_MS: whole(
    processLimits.drainDelayMs,
    0,
    60_000,
    'Between "not ready" and the last accepted connection, for load balancers to notice',
  ),
  DRAIN_TIMEOUT_MS: whole(processLimits.drainTimeoutMs, 100, 600_000, 'What is in flight has to end by then'),
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
