/**
 * A handler and a controller as built, over all tenants that there are; at rest, when everything is said of every tenant.
 */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Pool } from 'undici';
import { systemClock } from '../../../pkg/process/clock.ts';
import { hmacKey } from '../../../pkg/webhook/hmac.ts';
import { hmacBody } from '../../../pkg/webhook/hmac-body.ts';
import { customerId } from '../../services/database.ts';
import { createPod, type Pod, untilUp } from '../../services/pod.ts';
import { secretFor, type TenantCluster } from '../../services/tenant-cluster.ts';

export interface BenchPod {
  readonly url: string;
  readonly bundleDir: string;
  readonly controllerPid: number;
  readonly handlerPid: number;
  /** From the controller's start to its first bundle. */
  readonly firstBundleMs: number;
  /** A signed request. @returns the text of the answer */
  ask(tenantId: string): Promise<string>;
  /** Resolves when the controller has nothing left to say of any tenant. */
  untilAtRest(): Promise<void>;
  stop(): Promise<void>;
}

const scheme = { header: 'X-CXone-Signature', encoding: 'Hex', toleranceSeconds: 300 } as const;
/** Looks in a row at an empty queue. */
const restLooks = 20;
const restPollMs = 20;
const busyPollMs = 500;

const launcher = join(import.meta.dirname, '../../../dist/cmd/launch.mjs');

const pidOf = (pid: number | undefined): number => {
  if (pid === undefined) throw new Error('a process has ended');
  return pid;
};

export const startBenchPod = async (
  { kube, namespace }: TenantCluster,
  databaseUrl: string,
  env: Readonly<Record<'controller' | 'handler', Readonly<Record<string, string>>>>,
): Promise<BenchPod> => {
  const pod = await createPod({
    databaseUrl,
    kubeconfig: kube.adminKubeconfig,
    namespace,
    launcher,
    controllerEnv: { LOG_LEVEL: 'warn', ...env.controller },
    handlerEnv: { LOG_LEVEL: 'warn', ...env.handler },
  });
  const began = performance.now();
  await pod.controller.start();
  await untilUp('the first bundle', pod.controller, '/startupz');
  const firstBundleMs = performance.now() - began;
  await pod.handler.start();
  await untilUp('the handler', pod.handler, '/readyz');
  const pool = new Pool(pod.url, { connections: 4, pipelining: 1 });
  return {
    url: pod.url,
    bundleDir: pod.bundleDir,
    controllerPid: pidOf(pod.controller.pid()),
    handlerPid: pidOf(pod.handler.pid()),
    firstBundleMs,
    ask: async (tenantId) => {
      const input = { tenant_id: tenantId, customer_ids: [customerId(1)] };
      const body = JSON.stringify({ action: 'process_customer_batch', input });
      const now = Math.floor(systemClock.wall() / 1_000);
      const headers = hmacBody.sign(scheme, hmacKey(secretFor(tenantId)), Buffer.from(body), now);
      const answer = await pool.request({ method: 'POST', path: '/data-action', headers, body });
      return answer.body.text();
    },
    untilAtRest: () => untilAtRest(pod),
    stop: async () => {
      await Promise.all([pod.stop(), pool.destroy()]);
    },
  };
};

/** The first statuses of 10,000 tenants are 20,000 writes. */
const untilAtRest = async ({ controller }: Pod): Promise<void> => {
  for (let looks = 0; looks < restLooks; ) {
    const { text } = await controller.page('/metrics');
    const isAtRest = /^cxone_dataaction_leader 1$/m.test(text) && /^cxone_dataaction_workqueue_depth 0$/m.test(text);
    looks = isAtRest ? looks + 1 : 0;
    await pause(isAtRest ? restPollMs : busyPollMs);
  }
};
