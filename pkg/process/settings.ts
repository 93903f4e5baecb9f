/**
 * The handler's settings: the only reader of the environment. Returns every problem at once and never guesses.
 *
 * The README's table of settings is compared with `handlerSettings` by a test.
 */
import { type Parsed, type Problem, parsed, refused } from '../errors/problem.ts';
import { databaseLimits, processLimits, redisLimits, requestLimits } from './limits.ts';

type Environment = Readonly<Record<string, string | undefined>>;

interface Setting<T> {
  readonly default: string | undefined;
  readonly help: string;
  readonly expected: string;
  parse(text: string): T | undefined;
}

const whole = (fallback: number, min: number, max: number, help: string): Setting<number> => ({
  default: String(fallback),
  help,
  expected: `a whole number from ${min} to ${max}`,
  parse: (text) => (/^\d{1,12}$/.test(text) && Number(text) >= min && Number(text) <= max ? Number(text) : undefined),
});

const oneOf = <const T extends string>(values: readonly T[], fallback: T, help: string): Setting<T> => ({
  default: fallback,
  help,
  expected: `one of ${values.join(', ')}`,
  parse: (text) => values.find((value) => value === text),
});

const isUrl = (text: string, protocols: readonly string[]): boolean =>
  text.includes('://') && URL.canParse(text) && protocols.includes(new URL(text).protocol);

/** True when every part of a URL can be percent-decoded: a password with a lone % cannot. */
const isDecodable = (text: string): boolean => {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
};

const url = (protocols: readonly string[], help: string, many = false): Setting<string> => ({
  default: undefined,
  help,
  expected: `${protocols.map((protocol) => `${protocol}//…`).join(' or ')}${many ? ', several with commas between them' : ''}`,
  parse: (text) =>
    (many ? text.split(',') : [text]).every((part) => isUrl(part.trim(), protocols) && isDecodable(part))
      ? text
      : undefined,
});

const text = (fallback: string | undefined, help: string): Setting<string> => ({
  default: fallback,
  help,
  expected: 'text without control characters',
  parse: (value) => (/^[^\p{Cc}]{1,4096}$/u.test(value) ? value : undefined),
});

const sslModes = ['disable', 'no-verify', 'require', 'verify-full'];

/** The driver knows four of libpq's words; others would only fail later, at every attempt to connect. */
const postgresUrl = (help: string): Setting<string> => ({
  default: undefined,
  help,
  expected: `postgres://… with sslmode left out or one of ${sslModes.join(', ')}`,
  parse: (text) => {
    if (!isUrl(text, ['postgres:', 'postgresql:']) || !isDecodable(text)) return undefined;
    return sslModes.includes(new URL(text).searchParams.get('sslmode') ?? 'disable') ? text : undefined;
  },
});

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
  STATEMENT_TIMEOUT_MS: whole(databaseLimits.statementTimeoutMs, 100, 60_000, 'Of statements that requests share'),
  REDIS_URL: url(['redis:', 'rediss:'], 'Second cache tier; left out: memory alone', true),
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
  LOG_LEVEL: oneOf(['debug', 'info', 'warn', 'error', 'fatal', 'silent'], 'info', 'Lines below it are not written'),
} as const satisfies Record<string, Setting<unknown>>;

type SettingName = keyof typeof handlerSettings;
type Value<S> = S extends Setting<infer T> ? T : never;
const optional = ['DATABASE_LISTEN_URL', 'DATABASE_CA_FILE', 'REDIS_URL', 'REDIS_CA_FILE', 'CXONE_CA_FILE'] as const;
type OptionalName = (typeof optional)[number];

/** By the names of the environment's variables. */
export type HandlerSettings = {
  readonly [Name in SettingName]: Name extends OptionalName
    ? Value<(typeof handlerSettings)[Name]> | undefined
    : Value<(typeof handlerSettings)[Name]>;
};

/** The first is at most the second. */
const relations: readonly (readonly [SettingName, SettingName])[] = [
  ['DATABASE_POOL_MIN', 'DATABASE_POOL_MAX'],
  ['BODY_BYTES_MAX', 'BODY_BYTES_IN_FLIGHT_MAX'],
];

const isOptional = (name: string): boolean => optional.some((each) => each === name);

/** An empty variable counts as absent. Problems name the variable and what belongs there, never its value. */
export const loadSettings = (env: Environment): Parsed<HandlerSettings> => {
  const values: Record<string, unknown> = {};
  const problems: Problem[] = [];
  for (const [name, setting] of Object.entries<Setting<unknown>>(handlerSettings)) {
    const given = env[name] || setting.default;
    if (given === undefined) {
      if (!isOptional(name)) problems.push({ path: name, expected: setting.expected });
      continue;
    }
    const value = setting.parse(given);
    if (value === undefined) problems.push({ path: name, expected: setting.expected });
    else values[name] = value;
  }
  for (const [smaller, larger] of relations) {
    if (Number(values[smaller]) > Number(values[larger]))
      problems.push({ path: smaller, expected: `at most ${larger}` });
  }
  return problems.length > 0 ? refused(problems) : parsed(values as HandlerSettings);
};
