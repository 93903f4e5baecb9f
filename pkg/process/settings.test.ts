import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { databaseLimits, processLimits, redisLimits, requestLimits } from './limits.ts';
import { handlerSettings, loadSettings } from './settings.ts';

const [authority = ''] = rootCertificates;
const url = 'postgres://app:hunter2@db/app';

const load = (env: Readonly<Record<string, string | undefined>> = {}) => loadSettings({ DATABASE_URL: url, ...env });

const problemsOf = (env: Readonly<Record<string, string | undefined>>): readonly string[] => {
  const settings = load(env);
  return settings.ok ? [] : settings.problems.map(({ path }) => path);
};

const settingsOf = (env: Readonly<Record<string, string | undefined>> = {}) => {
  const settings = load(env);
  if (!settings.ok) throw new Error(JSON.stringify(settings.problems));
  return settings.value;
};

test('the database alone has to be named; everything else has its default', () => {
  assert.equal(settingsOf(), {
    HOST: '0.0.0.0',
    PORT: 8080,
    ADMIN_PORT: 8081,
    BUNDLE_DIR: '/run/data-actions',
    DATABASE_URL: url,
    DATABASE_POOL_MAX: databaseLimits.poolMax,
    DATABASE_POOL_MIN: databaseLimits.poolMin,
    DATABASE_QUEUE_MAX: databaseLimits.queueMax,
    STATEMENT_TIMEOUT_MS: databaseLimits.statementTimeoutMs,
    REDIS_TIMEOUT_MS: redisLimits.commandTimeoutMs,
    REDIS_PROBE_INTERVAL_MS: redisLimits.breakerProbeIntervalMs,
    PODS_MAX: 1,
    CXONE_ALLOW_PRIVATE_ADDRESSES: 'false',
    MEMORY_CACHE_BYTES: processLimits.memoryCacheBytes,
    BODY_BYTES_MAX: requestLimits.bodyBytesMax,
    BODY_TIMEOUT_MS: requestLimits.bodyTimeoutMs,
    REQUESTS_IN_FLIGHT_MAX: processLimits.requestsInFlightMax,
    BODY_BYTES_IN_FLIGHT_MAX: processLimits.bodyBytesInFlightMax,
    DRAIN_DELAY_MS: processLimits.drainDelayMs,
    DRAIN_TIMEOUT_MS: processLimits.drainTimeoutMs,
    LOG_LEVEL: 'info',
  });
  assert.equal(problemsOf({ DATABASE_URL: undefined }), ['DATABASE_URL']);
});

test('an empty variable is an absent one', () => {
  assert.equal(settingsOf({ PORT: '', REDIS_URL: '', LOG_LEVEL: '' }), settingsOf());
  assert.equal(problemsOf({ DATABASE_URL: '' }), ['DATABASE_URL']);
});

test('variables of others mean nothing', () =>
  assert.equal(settingsOf({ PATH: '/bin', port: '1', DATABASE: 'x' }), settingsOf()));

test('all problems come at once, in the order of the table', () => {
  const env = {
    PORT: 'http',
    DATABASE_URL: 'mysql://db',
    REDIS_URL: 'db:6379',
    LOG_LEVEL: 'loud',
    DRAIN_TIMEOUT_MS: '1',
  };
  assert.equal(problemsOf(env), ['PORT', 'DATABASE_URL', 'REDIS_URL', 'DRAIN_TIMEOUT_MS', 'LOG_LEVEL']);
});

test('a problem says what belongs there and never what was there', () => {
  for (const name of Object.keys(handlerSettings)) {
    const settings = load({ [name]: 'hunter2\u0000secret' });
    assert.not(settings.ok, name);
    assert.not.match(JSON.stringify(settings), /hunter2|secret/);
  }
});

const accepted: readonly (readonly [name: keyof typeof handlerSettings, text: string, value: unknown])[] = [
  ['PORT', '0', 0],
  ['PORT', '65535', 65_535],
  ['PORT', '08080', 8_080],
  ['MEMORY_CACHE_BYTES', '0', 0],
  ['DATABASE_URL', 'postgresql://db/app?sslmode=verify-full', 'postgresql://db/app?sslmode=verify-full'],
  ['DATABASE_LISTEN_URL', 'postgres://direct/app', 'postgres://direct/app'],
  ['REDIS_URL', 'rediss://a:6379,rediss://b:6379', 'rediss://a:6379,rediss://b:6379'],
  ['LOG_LEVEL', 'silent', 'silent'],
  ['BUNDLE_DIR', '/mnt/zoë', '/mnt/zoë'],
];

for (const [name, text, value] of accepted) {
  test(`${name} may be ${text}`, () => assert.is(settingsOf({ [name]: text })[name], value));
}

const refused: readonly (readonly [name: string, text: string])[] = [
  ['PORT', '65536'],
  ['PORT', '-1'],
  ['PORT', '80.5'],
  ['PORT', '8e3'],
  ['PORT', '0x50'],
  ['PORT', ' 80'],
  ['PORT', '８０'],
  ['PORT', '9'.repeat(400)],
  ['DATABASE_URL', 'postgres:'],
  ['DATABASE_URL', 'db/app'],
  ['DATABASE_URL', 'postgres://db/app?sslmode=prefer'],
  ['DATABASE_LISTEN_URL', 'redis://db'],
  ['REDIS_URL', 'redis://a,http://b'],
  ['REDIS_URL', 'redis://a,'],
  ['PODS_MAX', '0'],
  ['CXONE_ALLOW_PRIVATE_ADDRESSES', 'yes'],
  ['CXONE_ALLOW_PRIVATE_ADDRESSES', '1'],
  ['LOG_LEVEL', 'INFO'],
  ['LOG_LEVEL', 'toString'],
  ['HOST', 'a\nb'],
  ['BUNDLE_DIR', 'x'.repeat(4_097)],
  ['DATABASE_CA_FILE', '/nothing'],
  ['REDIS_CA_FILE', '/'],
  // A file that can be read, and has no certificate.
  ['CXONE_CA_FILE', fileURLToPath(import.meta.url)],
];

test('a file of authorities is read with the settings', () => {
  const pem = `kept as it is\n${authority}\n`;
  const folder = mkdtempSync(join(tmpdir(), 'settings-'));
  const file = join(folder, 'ca.crt');
  writeFileSync(file, pem);
  const { DATABASE_CA_FILE } = settingsOf({ DATABASE_CA_FILE: file });
  rmSync(folder, { recursive: true });
  assert.is(DATABASE_CA_FILE, pem);
});

for (const [name, text] of refused) {
  test(`${name} may not be ${JSON.stringify(text.slice(0, 40))}`, () =>
    assert.equal(problemsOf({ [name]: text }), [name]));
}

test('what has to be at most something else is compared, defaults included', () => {
  assert.equal(problemsOf({ DATABASE_POOL_MIN: '3', DATABASE_POOL_MAX: '3' }), []);
  assert.equal(problemsOf({ DATABASE_POOL_MIN: '4', DATABASE_POOL_MAX: '3' }), ['DATABASE_POOL_MIN']);
  assert.equal(problemsOf({ DATABASE_POOL_MAX: '4' }), ['DATABASE_POOL_MIN']);
  assert.equal(problemsOf({ BODY_BYTES_IN_FLIGHT_MAX: '65535' }), ['BODY_BYTES_MAX']);
  assert.equal(problemsOf({ BODY_BYTES_IN_FLIGHT_MAX: '65536' }), []);
});

test('what could not be read is not compared', () => {
  assert.equal(problemsOf({ DATABASE_POOL_MIN: '400', DATABASE_POOL_MAX: 'x' }), ['DATABASE_POOL_MAX']);
});

test.run();
