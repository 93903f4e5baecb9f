/**
 * What is compared: this service and its peers, each a process of its own on the same core.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { startHandler } from '../services/handler.ts';
import { ownProcess } from '../services/owned.ts';
import { secretOf } from '../services/tenants.ts';
import type { PeerOptions } from './peers/contract.ts';
import { benchTenants, peerTenants } from './scenarios.ts';

export const variantNames = ['service', 'fastify', 'koa-echo', 'http-echo'] as const;
export type VariantName = (typeof variantNames)[number];

export interface Variant {
  readonly name: VariantName;
  readonly url: string;
  readonly pid: number | undefined;
  stop(): Promise<void>;
}

/** Echoes read and write nothing: there is no cold to compare. */
export const isEcho = (name: VariantName): boolean => name.endsWith('-echo');

interface Servers {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  /** More of the service's environment. */
  readonly serviceEnv?: Readonly<Record<string, string>> | undefined;
}

const startService = async ({ databaseUrl, redisUrl, serviceEnv }: Servers): Promise<Variant> => {
  const env = { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl, LOG_LEVEL: 'warn', ...serviceEnv };
  const handler = await startHandler(env, benchTenants);
  await handler.ready();
  return { name: 'service', url: handler.url, pid: handler.pid, stop: handler.stop };
};

const startPeer = async (name: VariantName, { databaseUrl, redisUrl }: Servers): Promise<Variant> => {
  const options: PeerOptions = { databaseUrl, redisUrl, tenants: peerTenants(secretOf) };
  const env = { ...process.env, NODE_ENV: 'production', PEER_OPTIONS: JSON.stringify(options) };
  const child = fork(new URL(`peers/${name}.ts`, import.meta.url), { env });
  ownProcess(() => child.pid);
  const [message] = (await once(child, 'message')) as [{ readonly port: number }];
  const stop = async () => {
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
  };
  return { name, url: `http://127.0.0.1:${message.port}`, pid: child.pid, stop };
};

export const startVariant = (name: VariantName, servers: Servers): Promise<Variant> =>
  name === 'service' ? startService(servers) : startPeer(name, servers);
