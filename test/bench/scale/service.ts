/**
 * The handler as its own process on the core that is measured, over tenants of the curve's choice; how long it took to be ready is a figure.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { request } from 'undici';
import { decide } from '../../../pkg/controller/decide.ts';
import { systemClock } from '../../../pkg/process/clock.ts';
import { writeBundle } from '../../../pkg/tenant/bundle-directory.ts';
import { ownDirectory, ownProcess } from '../../services/owned.ts';
import { type TenantOptions, tenantManifests } from '../../services/tenants.ts';
import { benchTenants } from '../scenarios.ts';
import type { Stage } from '../stage.ts';

export interface ServiceOptions {
  /** Left out: those of the scenarios. */
  readonly tenants?: readonly TenantOptions[];
  /** Left out: without a proxy. */
  readonly databaseUrl?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What Node runs; left out: what `npm run build` has made. */
  readonly program?: readonly string[];
}

export interface Service {
  readonly url: string;
  readonly pid: number;
  /** From its spawn until /readyz says 200: every tenant of the bundle is served. */
  readonly readyMs: number;
  stop(): Promise<void>;
}

const built = [fileURLToPath(new URL('../../../dist/cmd/launch.mjs', import.meta.url)), 'handler'];
const readyPollMs = 2;

interface Ports {
  readonly port: number;
  readonly adminPort: number;
}

const untilReady = async ({ adminPort }: Ports): Promise<void> => {
  for (;;) {
    const answer = await request(`http://127.0.0.1:${adminPort}/readyz`);
    await answer.body.dump();
    if (answer.statusCode === 200) return;
    await pause(readyPollMs);
  }
};

export const createServiceStarter = (stage: Stage) => {
  const bundleOf = async (tenants: readonly TenantOptions[]): Promise<string> => {
    const dir = join(ownDirectory('bundle'), 'bundle');
    await mkdir(dir);
    await writeBundle(dir, decide(tenantManifests(tenants), []).tenants, systemClock);
    return dir;
  };

  return async (options: ServiceOptions = {}): Promise<Service> => {
    const { tenants = benchTenants, databaseUrl = stage.database.url, env, program = built } = options;
    const settings = {
      ...{ HOST: '127.0.0.1', PORT: '0', ADMIN_PORT: '0', DRAIN_DELAY_MS: '0', LOG_LEVEL: 'error' },
      ...{ DATABASE_URL: databaseUrl, REDIS_URL: stage.servers.redisUrl, BUNDLE_DIR: await bundleOf(tenants), ...env },
    };
    const pinning = stage.servedCore === undefined ? [] : ['taskset', '-c', String(stage.servedCore)];
    const [command = '', ...args] = [...pinning, process.execPath, ...program];
    const began = performance.now();
    const child = spawn(command, args, {
      env: { ...process.env, ...settings },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    ownProcess(() => child.pid);
    const [ports] = (await once(child, 'message')) as [Ports];
    await untilReady(ports);
    return {
      url: `http://127.0.0.1:${ports.port}`,
      pid: child.pid ?? 0,
      readyMs: performance.now() - began,
      stop: async () => {
        const exited = once(child, 'exit');
        child.kill('SIGTERM');
        await exited;
      },
    };
  };
};

export type StartService = ReturnType<typeof createServiceStarter>;
