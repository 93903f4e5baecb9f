/**
 * Before integration tests: says which services they will use and lets each file use the same. On a throw-away machine (root,
 * CI=true, apt-get at hand) it installs a missing redis-server; elsewhere it says what to install.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Choice } from '../services/choice.ts';
import { choosePostgres, warmUpPostgres } from '../services/postgres.ts';
import { chooseRedis } from '../services/redis.ts';

export interface SetUp {
  /** For the test files. */
  readonly environment: Readonly<Record<string, string>>;
  /** With TEST_REQUIRE=1, each service that is missing. */
  readonly failures: readonly string[];
}

export const setUpServices = async (say: (line: string) => void): Promise<SetUp> => {
  const postgres = await choosePostgres();
  let redis = await chooseRedis();
  if ('missing' in redis && isThrowAway()) {
    say('redis-server is missing: installing it with apt-get');
    installRedis();
    redis = await chooseRedis();
  }
  await warmUpPostgres();
  say(`services: PostgreSQL from ${way(postgres)}, Redis from ${way(redis)}`);
  const missing = [postgres, redis].flatMap((choice) => ('missing' in choice ? [choice.missing] : []));
  for (const sentence of missing) say(`missing: ${sentence}`);
  return {
    environment: {
      ...('way' in postgres ? { TEST_POSTGRES_FROM: postgres.way } : {}),
      ...('way' in redis ? { TEST_REDIS_FROM: redis.way } : {}),
    },
    failures: process.env.TEST_REQUIRE === '1' ? missing : [],
  };
};

const way = (choice: Choice): string => ('way' in choice ? choice.way : 'nowhere');

const isThrowAway = (): boolean =>
  process.env.CI === 'true' && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');

const installRedis = (): void => {
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  spawnSync('apt-get', ['update', '-qq'], { stdio: 'ignore', env: environment });
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'redis-server'], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: environment,
  });
};
