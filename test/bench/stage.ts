/**
 * Real PostgreSQL with fsync and synchronous_commit on, real Redis, seeded customers, and the variants under test on a core of their own.
 */
import { prepareDatabase, type TestDatabase } from '../services/database.ts';
import { startPostgres } from '../services/postgres.ts';
import { startRedis } from '../services/redis.ts';
import { type DelayProxy, startDelayProxy } from './delay-proxy.ts';
import { canPin, childNamed, pin } from './processes.ts';
import { seedSql } from './scenarios.ts';
import { type Servers, startVariant, type Variant, type VariantName } from './variants.ts';

/** The variants have the first core; PostgreSQL, Redis, the load and the bench itself share the second. */
const [servedCore, otherCore] = [0, 1];

export interface Stage {
  readonly variants: readonly Variant[];
  readonly database: TestDatabase;
  readonly postgresPid: number | undefined;
  readonly redisPid: number | undefined;
  readonly pinned: boolean;
  /** Of the variants; undefined where nothing is pinned. */
  readonly servedCore: number | undefined;
  /** What a variant is to use; `database.url` leads to the same PostgreSQL without a proxy. */
  readonly servers: Servers;
  /** Of each round trip to PostgreSQL. */
  addDelay(ms: number): Promise<void>;
  close(): Promise<void>;
}

const viaProxy = (url: string, proxy: DelayProxy | undefined): string => {
  const target = new URL(url);
  if (proxy) target.port = String(proxy.port);
  return target.href;
};

export interface StageOptions {
  readonly variants: readonly VariantName[];
  /** Puts a proxy in front of PostgreSQL that can add to round trips; it costs CPU even at 0. */
  readonly withDelays?: boolean;
  readonly baseline?: string | undefined;
  /** More of the service's environment. */
  readonly serviceEnv?: Readonly<Record<string, string>>;
}

export const setStage = async ({ variants: names, withDelays, ...options }: StageOptions): Promise<Stage> => {
  const pinned = canPin() && pin(process.pid, otherCore);
  const postgres = await startPostgres({
    fsync: 'on',
    full_page_writes: 'on',
    shared_buffers: '512MB',
    max_connections: '300',
  });
  const database = await prepareDatabase(postgres);
  await database.sql(seedSql);
  await database.sql('VACUUM ANALYZE customers');
  const redis = await startRedis();
  const proxy = withDelays ? await startDelayProxy(postgres.port) : undefined;
  const servers = { databaseUrl: viaProxy(database.url, proxy), redisUrl: redis.url, ...options };
  const variants: Variant[] = [];
  for (const name of names) {
    const variant = await startVariant(name, servers);
    if (pinned) pin(variant.pid, servedCore);
    variants.push(variant);
  }
  return {
    variants,
    database,
    postgresPid: childNamed('postgres'),
    redisPid: childNamed('redis-server'),
    pinned,
    servedCore: pinned ? servedCore : undefined,
    servers,
    addDelay: async (ms) => proxy?.addMs(ms),
    close: async () => {
      for (const variant of variants) await variant.stop();
      proxy?.close();
      await redis.stop();
      await postgres.stop();
    },
  };
};
