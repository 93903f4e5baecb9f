/**
 * What is compared: this service and its peers, each a process of its own on the same core.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import { decide } from '../../pkg/controller/decide.ts';
import { systemClock } from '../../pkg/process/clock.ts';
import { writeBundle } from '../../pkg/tenant/bundle-directory.ts';
import { ownDirectory, ownProcess } from '../services/owned.ts';
import { secretOf, tenantManifests } from '../services/tenants.ts';
import { until } from '../services/until.ts';
import type { PeerOptions } from './peers/contract.ts';
import { benchTenants, peerTenants, type Scenario, type Temperature } from './scenarios.ts';

export const variantNames = ['service', 'baseline', 'fastify', 'prototype', 'koa-echo', 'http-echo'] as const;
export type VariantName = (typeof variantNames)[number];

export interface Variant {
  readonly name: VariantName;
  readonly url: string;
  readonly pid: number | undefined;
  stop(): Promise<void>;
}

/** Echoes read and write nothing. */
export const isEcho = (name: VariantName): boolean => name.endsWith('-echo');

const ownCheckout = join(import.meta.dirname, '../..');

/** An echo has nothing to read, so only warm scenarios compare with it; the prototype keeps connections for each tenant. */
const isAsked = (name: VariantName, temperature: Temperature): boolean => {
  if (isEcho(name)) return temperature === 'warm';
  return name !== 'prototype' || temperature !== 'spread';
};

/** The prototype changes nothing. */
export const isComparable = (name: VariantName, { temperature, action }: Scenario): boolean =>
  isAsked(name, temperature) && (name !== 'prototype' || action === 'process_customer_batch');

export interface Servers {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  /** Another checkout of this project: what `baseline` runs. */
  readonly baseline?: string | undefined;
  /** More of the service's environment. */
  readonly serviceEnv?: Readonly<Record<string, string>> | undefined;
}

const handlerEnv = ({ databaseUrl, redisUrl, serviceEnv }: Servers): Readonly<Record<string, string>> => ({
  DATABASE_URL: databaseUrl,
  REDIS_URL: redisUrl,
  LOG_LEVEL: 'warn',
  ...serviceEnv,
});

/** The service of a checkout on a bundle of its own. All have the same rows in Redis: run one of them at a time. Its log is read, and forgotten. */
const startHandlerOf = async (name: VariantName, checkout: string, servers: Servers): Promise<Variant> => {
  const bundleDir = join(ownDirectory(name), 'bundle');
  await mkdir(bundleDir);
  await writeBundle(bundleDir, decide(tenantManifests(benchTenants), []).tenants, systemClock);
  const settings = { HOST: '127.0.0.1', PORT: '0', ADMIN_PORT: '0', DRAIN_DELAY_MS: '0', BUNDLE_DIR: bundleDir };
  const child = fork(join(checkout, 'cmd/launch.mjs'), ['handler'], {
    env: { ...process.env, ...settings, ...handlerEnv(servers) },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  child.stdout?.resume();
  return announced(name, child);
};

const isReady = (adminPort: number): Promise<void> =>
  until('readiness', async () => {
    const { statusCode, body } = await request(`http://127.0.0.1:${adminPort}/readyz`);
    const text = await body.text();
    if (statusCode !== 200) throw new Error(text);
  });

const announced = async (name: VariantName, child: ChildProcess): Promise<Variant> => {
  ownProcess(() => child.pid);
  const [message] = (await once(child, 'message')) as [{ readonly port: number; readonly adminPort?: number }];
  if (message.adminPort !== undefined) await isReady(message.adminPort);
  const stop = async () => {
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
  };
  return { name, url: `http://127.0.0.1:${message.port}`, pid: child.pid, stop };
};

const startPeer = async (name: VariantName, { databaseUrl, redisUrl }: Servers): Promise<Variant> => {
  const options: PeerOptions = {
    databaseUrl,
    redisUrl,
    tenants: peerTenants(secretOf, (temperature) => isAsked(name, temperature)),
  };
  const env = { ...process.env, NODE_ENV: 'production', PEER_OPTIONS: JSON.stringify(options) };
  const child = fork(new URL(`peers/${name}.ts`, import.meta.url), { env });
  return announced(name, child);
};

const starters: Readonly<Record<VariantName, (servers: Servers) => Promise<Variant>>> = {
  service: (servers) => startHandlerOf('service', ownCheckout, servers),
  baseline: (servers) => {
    if (!servers.baseline) throw new Error('baseline: name its checkout with --baseline');
    return startHandlerOf('baseline', servers.baseline, servers);
  },
  fastify: (servers) => startPeer('fastify', servers),
  prototype: (servers) => startPeer('prototype', servers),
  'koa-echo': (servers) => startPeer('koa-echo', servers),
  'http-echo': (servers) => startPeer('http-echo', servers),
};

export const startVariant = (name: VariantName, servers: Servers): Promise<Variant> => starters[name](servers);
